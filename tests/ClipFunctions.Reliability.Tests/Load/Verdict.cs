namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>What became of the uploads.</summary>
internal sealed record Verdict
{
    /// <summary>Uploads whose present version has a result, as it must be.</summary>
    public required int Tagged { get; init; }

    /// <summary>Those whose present version has a failure record, as it must be.</summary>
    public required int Failed { get; init; }

    /// <summary>Those whose present version has no record, but a message in the poison queue.</summary>
    public required IReadOnlyList<string> GivenUp { get; init; }

    /// <summary>Those whose present version has neither.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Versions whose record was written more than once.</summary>
    public required IReadOnlyList<string> Doubled { get; init; }

    /// <summary>What is wrong with a record, an embedding, tags, or the poison queue.</summary>
    public required IReadOnlyList<string> Wrong { get; init; }

    /// <summary>Whether everything is as if nothing had happened.</summary>
    public bool IsPerfect => Lost.Count + Doubled.Count + Wrong.Count + GivenUp.Count == 0;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Tagged} tagged, {Failed} failed; {List("given up", GivenUp)}; {List("lost", Lost)}; {List("doubled", Doubled)}; {List("wrong", Wrong)}";

    private static string List(string what, IReadOnlyList<string> names) => $"{names.Count} {what} ({string.Join(", ", names.Take(8))})";
}
