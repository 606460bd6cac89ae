using System.Text.Json.Serialization;

namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>Tokens of a request in OpenAI's form; pictures have none.</summary>
/// <param name="PromptTokens">Start and end tokens included.</param>
/// <param name="TotalTokens">The same.</param>
internal sealed record OpenAIUsage(
    [property: JsonPropertyName("prompt_tokens")] int PromptTokens,
    [property: JsonPropertyName("total_tokens")] int TotalTokens);
