using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Cli.Commands;

/// <summary>Encodes picture files, a batch at a time; one that cannot be read does not hinder the others.</summary>
internal static class PictureInput
{
    private const int Batch = 32;

    /// <summary>The files of a list of files and folders, the latter's files in the order of their names.</summary>
    /// <exception cref="UsageException">One is not there, or there is no file.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> paths)
    {
        List<string> files = [];
        foreach (string path in paths)
        {
            if (Directory.Exists(path))
            {
                files.AddRange(Directory.EnumerateFiles(path).Order(StringComparer.Ordinal));
            }
            else if (File.Exists(path))
            {
                files.Add(path);
            }
            else
            {
                throw new UsageException($"There is no file or folder {path}.");
            }
        }

        return files.Count > 0 ? files : throw new UsageException("The folder holds no file.");
    }

    /// <summary>Encodes files.</summary>
    /// <returns>The vectors of those that could be read, each with its file, and the others with what was wrong.</returns>
    public static async Task<(IReadOnlyList<string> Files, EmbeddingMatrix Vectors, IReadOnlyList<(string File, string Problem)> Refused)> EncodeAsync(ClipModel model, IReadOnlyList<string> files, CancellationToken cancellationToken)
    {
        List<string> read = [];
        List<float> vectors = [];
        List<(string, string)> refused = [];
        int each = model.Preprocessor.PixelCount;
        byte[] pixels = new byte[Math.Min(Batch, files.Count) * each];
        for (int start = 0; start < files.Count; start += Batch)
        {
            string[] piece = [.. files.Skip(start).Take(Batch)];
            string?[] problems = new string?[piece.Length];
            await Parallel.ForAsync(0, piece.Length, cancellationToken, async (i, token) =>
            {
                try
                {
                    model.Preprocessor.Preprocess(await File.ReadAllBytesAsync(piece[i], token), pixels.AsSpan(i * each, each), token);
                }
                catch (Exception exception) when (exception is ImageException or IOException or UnauthorizedAccessException)
                {
                    problems[i] = exception.Message;
                }
            });

            int good = 0;
            for (int i = 0; i < piece.Length; i++)
            {
                if (problems[i] is { } problem)
                {
                    refused.Add((piece[i], problem));
                    continue;
                }

                pixels.AsSpan(i * each, each).CopyTo(pixels.AsSpan(good * each, each));
                read.Add(piece[i]);
                good++;
            }

            if (good > 0)
            {
                vectors.AddRange(model.EncodeImage(pixels.AsMemory(0, good * each), good, cancellationToken).Values.Span);
            }
        }

        return (read, new EmbeddingMatrix([.. vectors], read.Count, model.EmbeddingDimension), refused);
    }
}
