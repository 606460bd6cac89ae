namespace ClipFunctions.Pipeline.Http.Operations;

/// <summary>Who may ask for an operation, and what it counts against.</summary>
public enum OperationAccess
{
    /// <summary>Whoever has the key, where one is set; counts against the limit of concurrent requests.</summary>
    Keyed,

    /// <summary>Anybody: it tells nothing of pictures or models and costs nothing.</summary>
    Public,
}
