namespace ClipFunctions.Pipeline.Http.Replies;

/// <summary>A picture that was found.</summary>
/// <param name="Name">Its path in the uploads container.</param>
/// <param name="Score">The cosine.</param>
/// <param name="Labels">What it was tagged with, best first.</param>
/// <param name="Time">When.</param>
/// <param name="Picture">The address of its bytes.</param>
/// <param name="Result">The address of its record.</param>
internal sealed record SearchHit(string Name, float Score, IReadOnlyList<ListedLabel> Labels, DateTimeOffset Time, string Picture, string Result);
