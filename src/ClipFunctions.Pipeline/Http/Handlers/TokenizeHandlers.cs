using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using ClipFunctions.Pipeline.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Handlers;

/// <summary>The reference's <c>clip.tokenize</c>.</summary>
internal sealed class TokenizeHandlers(RequestReader reader, RequestModels models, RequestTexts requestTexts)
{
    private const int MinContextLength = 2;
    private const int MaxContextLength = 1024;

    /// <summary><c>POST api/tokenize</c>.</summary>
    public async Task<IResult> TokenizeAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        TokenizeRequest asked = await reader.ReadTextsAsync(request, RequestJson.Default.TokenizeRequest, cancellationToken);
        IReadOnlyList<string> texts = requestTexts.Check(asked.Texts, asked.Text);
        using ModelLease lease = await models.LeaseAsync(asked.Model, cancellationToken);
        ClipModel model = lease.Model;
        int contextLength = asked.ContextLength ?? model.ContextLength;
        if (contextLength is < MinContextLength or > MaxContextLength)
        {
            throw RequestProblemException.BadRequest(
                "InvalidField",
                "A field cannot be used",
                string.Create(CultureInfo.InvariantCulture, $"contextLength is {contextLength}; expected {MinContextLength} to {MaxContextLength}."));
        }

        (TokenBatch tokens, _) = requestTexts.Tokenize(model, texts, contextLength, asked.Truncate ?? false);
        TokenizedText[] results = new TokenizedText[tokens.Count];
        for (int row = 0; row < results.Length; row++)
        {
            int[] ids = tokens[row].ToArray();
            int count = tokens.EndPositions[row] + 1;
            results[row] = new TokenizedText(ids, count, [.. ids.Take(count).Select(model.Tokenizer.TokenText)]);
        }

        return Results.Json(new TokenizeReply(model.Manifest.Id, contextLength, results), ReplyJson.Readable.TokenizeReply);
    }
}
