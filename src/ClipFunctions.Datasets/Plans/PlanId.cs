using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ClipFunctions.Datasets.Files;

namespace ClipFunctions.Datasets.Plans;

/// <summary>A plan's identity: SHA-256 over its classes and items, each text preceded by its length, each file once for the items in a row that it holds.</summary>
internal static class PlanId
{
    private const string Version = "clip-dataset-1";

    public static string Compute(IReadOnlyList<string> classes, List<DatasetItem> items)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        ArrayBufferWriter<byte> buffer = new(1 << 16);
        Text(buffer, Version);
        Number(buffer, classes.Count);
        foreach (string name in classes)
        {
            Text(buffer, name);
        }

        Number(buffer, items.Count);
        DatasetFile? file = null;
        foreach (DatasetItem item in items)
        {
            bool same = ReferenceEquals(item.File, file) || item.File == file;
            Number(buffer, ((long)item.Label << 8) | ((long)item.Split << 4) | ((long)item.Encoding << 2) | (item.InGzip ? 2L : 0) | (same ? 1L : 0));
            if (!same)
            {
                file = item.File;
                Text(buffer, file.Name);
                Number(buffer, file.Size);
                Text(buffer, file.ETag);
            }

            Text(buffer, item.Name);
            Number(buffer, item.Offset);
            Number(buffer, item.Length);
            if (buffer.WrittenCount >= 1 << 15)
            {
                hash.AppendData(buffer.WrittenSpan);
                buffer.ResetWrittenCount();
            }
        }

        hash.AppendData(buffer.WrittenSpan);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Number(ArrayBufferWriter<byte> buffer, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(sizeof(long)), value);
        buffer.Advance(sizeof(long));
    }

    private static void Text(ArrayBufferWriter<byte> buffer, string text)
    {
        Number(buffer, Encoding.UTF8.GetByteCount(text));
        buffer.Advance(Encoding.UTF8.GetBytes(text, buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length))));
    }
}
