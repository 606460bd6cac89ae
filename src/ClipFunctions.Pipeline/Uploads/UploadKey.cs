using Azure;
using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Pipeline.Uploads;

/// <summary>What makes two runs over an upload the same work: its version, the model and the label set.</summary>
internal readonly record struct UploadKey(ETag ETag, string Fingerprint, string LabelSetId)
{
    /// <summary>Whether a record is of this very work.</summary>
    public bool Matches(UploadResult? result) =>
        result is not null && result.Source.ETag == ETag.ToString("G") && SameQuestion(result);

    /// <summary>Whether a record of another version answers for these bytes too: not if it took too long then, which it may not do now.</summary>
    public bool Reuses(UploadResult? result, string? sha256) =>
        result is not null && sha256 is not null && result.Source.Sha256 == sha256 && result.Failure?.Reason != DecodeTimeoutException.Code && SameQuestion(result);

    private bool SameQuestion(UploadResult result) =>
        result.Model.Fingerprint == Fingerprint && result.LabelSet.Id == LabelSetId;
}
