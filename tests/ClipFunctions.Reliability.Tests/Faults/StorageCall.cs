namespace ClipFunctions.Reliability.Tests.Faults;

/// <summary>The storage calls of an upload that is tagged, in their order.</summary>
internal enum StorageCall
{
    ReadRecord,
    ReadPicture,
    WriteEmbedding,
    WriteRecord,
    WriteTags,
    LookAgain,
}
