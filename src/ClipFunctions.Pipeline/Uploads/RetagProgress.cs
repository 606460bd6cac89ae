namespace ClipFunctions.Pipeline.Uploads;

/// <summary>How far going over the uploads has come.</summary>
/// <param name="Seen">Uploads looked at.</param>
/// <param name="UpToDate">Of these, those that have this model's record and their tags.</param>
/// <param name="Done">Of these, those that were tagged, or would be.</param>
public readonly record struct RetagProgress(long Seen, long UpToDate, long Done);
