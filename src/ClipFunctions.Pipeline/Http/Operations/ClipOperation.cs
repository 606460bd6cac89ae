using Microsoft.AspNetCore.Http;

namespace ClipFunctions.Pipeline.Http.Operations;

/// <summary>One thing that can be asked over HTTP; hosts map them, and the OpenAPI document lists them.</summary>
public sealed record ClipOperation
{
    /// <summary>Its name, such as <c>EmbedText</c>: the function's in Azure, the operation's id in the OpenAPI document.</summary>
    public required string Name { get; init; }

    /// <summary><c>GET</c>, <c>POST</c> or <c>DELETE</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The route, without a leading slash; <c>{*path}</c> takes the rest of the address.</summary>
    public required string Route { get; init; }

    /// <summary>Who may ask, and what it counts against.</summary>
    public OperationAccess Access { get; init; } = OperationAccess.Keyed;

    /// <summary>Whether problems are told in the form that OpenAI's and Azure AI's clients read, too.</summary>
    public bool IsDropIn { get; init; }

    /// <summary>Answers a request.</summary>
    public required Func<IServiceProvider, HttpContext, CancellationToken, Task<IResult>> Handle { get; init; }
}
