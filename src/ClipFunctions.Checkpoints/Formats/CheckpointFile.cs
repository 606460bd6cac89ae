using System.Buffers.Binary;
using System.Text;

namespace ClipFunctions.Checkpoints.Formats;

/// <summary>Opens a weight file of any form that is read here. The form is told from what the file holds, never from its name.</summary>
public static class CheckpointFile
{
    private const string Accepted = "Accepted are safetensors, PyTorch's torch.save and TorchScript files, and the index of a sharded one of these (*.index.json).";

    // What people have in its place by mistake.
    private static readonly (byte[] Start, string What)[] Strangers =
    [
        ("version https://git-lfs"u8.ToArray(), "a Git LFS pointer, not the file itself: fetch it with git lfs pull, or download it"),
        ("<!doctype html"u8.ToArray(), "an HTML page, not the file itself: the download got a web page"),
        ("<html"u8.ToArray(), "an HTML page, not the file itself: the download got a web page"),
        ("<?xml"u8.ToArray(), "an XML document, perhaps a storage service's error message"),
        ([0x1F, 0x8B], "gzip-compressed: decompress it first"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file (Keras, TensorFlow)"),
        ([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "a NumPy array"),
        ("GGUF"u8.ToArray(), "a GGUF file"),
    ];

    /// <summary>Opens a file and checks all that it says of its tensors; they themselves are read later, piece by piece.</summary>
    /// <param name="path">
    /// A safetensors file, a file of <c>torch.save</c> (zip or legacy) or <c>torch.jit.save</c>, or the index of a sharded checkpoint, whose shards stand beside it.
    /// </param>
    /// <returns>The tensors; the caller disposes it.</returns>
    /// <exception cref="InvalidCheckpointException">The file cannot be read, is of no form that is known, or breaks a rule of its form.</exception>
    public static ICheckpoint Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        FileBytes bytes = FileBytes.Map(path);
        return IsJson(bytes) ? ShardedCheckpoint.Open(path, bytes) : Open(bytes, keepPrefix: false);
    }

    /// <summary>Opens one file's bytes, which from now on belong to the checkpoint; they are freed if it cannot be opened.</summary>
    internal static ICheckpoint Open(FileBytes bytes, bool keepPrefix)
    {
        if (IsSafetensors(bytes))
        {
            return new SafetensorsFile(bytes);
        }

        if (TorchFile.IsZip(bytes) || TorchFile.IsPickle(bytes))
        {
            return new TorchFile(bytes, keepPrefix);
        }

        using (bytes)
        {
            throw new InvalidCheckpointException(bytes.Name, null, $"{Describe(bytes)}. {Accepted}");
        }
    }

    private static bool IsSafetensors(FileBytes bytes)
        => bytes.Length > sizeof(ulong)
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, sizeof(ulong))) <= SafetensorsFile.MaximumHeaderBytes
            && bytes.Slice(sizeof(ulong), 1)[0] == '{';

    private static bool IsJson(FileBytes bytes)
        => !IsSafetensors(bytes) && bytes.Slice(0, Math.Min(bytes.Length, 64)).TrimStart(" \t\r\n\uFEFF"u8) is [(byte)'{', ..];

    private static string Describe(FileBytes bytes)
    {
        if (bytes.Length == 0)
        {
            return "it is empty";
        }

        ReadOnlySpan<byte> start = bytes.Slice(0, Math.Min(bytes.Length, 512));
        ReadOnlySpan<byte> text = start.TrimStart(" \t\r\n\uFEFF"u8);
        foreach ((byte[] stranger, string what) in Strangers)
        {
            // EqualsIgnoreCase is false for bytes beyond ASCII.
            if (text.StartsWith(stranger) || (text.Length >= stranger.Length && Ascii.EqualsIgnoreCase(text[..stranger.Length], stranger)))
            {
                return $"it is {what}";
            }
        }

        if (start.Length > 262 && start[257..262].SequenceEqual("ustar"u8))
        {
            return "it is a tar archive: unpack it first (files that PyTorch wrote before 0.1.10 are not read)";
        }

        ReadOnlySpan<byte> shown = start[..Math.Min(start.Length, 16)];
        string printable = string.Concat(shown.ToArray().Select(value => value is >= 32 and < 127 ? (char)value : '.'));
        return $"it begins with the bytes {Convert.ToHexString(shown)} (\"{printable}\"), which no known form does";
    }
}
