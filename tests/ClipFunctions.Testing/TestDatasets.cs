using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using SkiaSharp;

namespace ClipFunctions.Testing;

/// <summary>Small data sets of <see cref="DrawnPictures"/>, the same bytes for the same arguments.</summary>
public static class TestDatasets
{
    private const int CifarSide = 32;
    private const int TestSeeds = 1_000_000;

    private static readonly SKEncodedImageFormat[] Formats = [SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png, SKEncodedImageFormat.Webp];

    /// <summary>Classes of which there is a sample, and CIFAR-100 has a name for: <c>bus</c>, <c>butterfly</c>, <c>elephant</c>, <c>rocket</c>, <c>tractor</c>.</summary>
    public static IReadOnlyList<string> SampledClasses { get; } = ["bus", "butterfly", "elephant", "rocket", "tractor"];

    /// <summary>CIFAR's own names, in its order.</summary>
    /// <param name="kind">10 or 100.</param>
    public static IReadOnlyList<string> CifarClasses(int kind)
    {
        using JsonDocument set = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "labels", $"cifar{kind}.json")));
        return [.. set.RootElement.GetProperty("labels").EnumerateArray().Select(label => label.GetString()!.Replace(' ', '_'))];
    }

    /// <summary>Writes <c>{split}/{class}/{picture}</c> with splits train and test; JPEG, PNG and WebP by turns.</summary>
    /// <param name="folder">Where; made if it is not there.</param>
    /// <param name="classes">The classes.</param>
    /// <param name="trainPerClass">Pictures of each class in train.</param>
    /// <param name="testPerClass">Pictures of each class in test.</param>
    /// <param name="side">Width and height.</param>
    public static void WriteFolder(string folder, IReadOnlyList<string> classes, int trainPerClass, int testPerClass, int side = 96)
    {
        foreach ((string name, byte[] content) in Folder(classes, trainPerClass, testPerClass, side))
        {
            string path = Path.Combine(folder, name.Replace('/', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }

    /// <summary>The files of <see cref="WriteFolder"/>.</summary>
    /// <param name="classes">The classes.</param>
    /// <param name="trainPerClass">Pictures of each class in train.</param>
    /// <param name="testPerClass">Pictures of each class in test.</param>
    /// <param name="side">Width and height.</param>
    public static IEnumerable<(string Name, byte[] Content)> Folder(IReadOnlyList<string> classes, int trainPerClass, int testPerClass, int side = 96)
    {
        foreach ((string split, int count, int first) in new[] { ("train", trainPerClass, 0), ("test", testPerClass, TestSeeds) })
        {
            for (int look = 0; look < classes.Count; look++)
            {
                for (int i = 0; i < count; i++)
                {
                    SKEncodedImageFormat format = Formats[i % Formats.Length];
                    yield return ($"{split}/{classes[look]}/{i:D4}.{Extension(format)}", DrawnPictures.Encode(classes[look], look, first + i, side, format));
                }
            }
        }
    }

    /// <summary>An archive as CIFAR's binary version is published (<c>.tar.gz</c>), with drawn pictures.</summary>
    /// <param name="kind">10 or 100.</param>
    /// <param name="classes">Those of CIFAR's classes that have pictures; null for all.</param>
    /// <param name="trainPerClass">Pictures of each class in train.</param>
    /// <param name="testPerClass">Pictures of each class in test.</param>
    public static byte[] CifarArchive(int kind, IReadOnlyList<string>? classes, int trainPerClass, int testPerClass)
    {
        using MemoryStream archive = new();
        using (GZipStream gzip = new(archive, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter tar = new(gzip, TarEntryFormat.Ustar))
        {
            string folder = kind == 10 ? "cifar-10-batches-bin/" : "cifar-100-binary/";
            tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, folder) { ModificationTime = DateTimeOffset.UnixEpoch });
            foreach ((string name, byte[] content) in CifarFiles(kind, classes, trainPerClass, testPerClass))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, folder + name)
                {
                    DataStream = new MemoryStream(content),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                });
            }
        }

        return archive.ToArray();
    }

    /// <summary>The files of <see cref="CifarArchive"/>, without their folder.</summary>
    /// <param name="kind">10 or 100.</param>
    /// <param name="classes">Those of CIFAR's classes that have pictures; null for all.</param>
    /// <param name="trainPerClass">Pictures of each class in train.</param>
    /// <param name="testPerClass">Pictures of each class in test.</param>
    public static IEnumerable<(string Name, byte[] Content)> CifarFiles(int kind, IReadOnlyList<string>? classes, int trainPerClass, int testPerClass)
    {
        IReadOnlyList<string> names = CifarClasses(kind);
        byte[][] train = Records(kind, names, classes ?? names, trainPerClass, 0);
        byte[][] test = Records(kind, names, classes ?? names, testPerClass, TestSeeds);
        byte[] readme = "<html>Drawn for tests.</html>\n"u8.ToArray();
        if (kind == 10)
        {
            yield return ("data_batch_1.bin", Part(train, 0, 2));
            yield return ("batches.meta.txt", Encoding.ASCII.GetBytes(string.Join('\n', names) + "\n\n"));
            yield return ("data_batch_2.bin", Part(train, 1, 2));
            yield return ("readme.html", readme);
            yield return ("test_batch.bin", Part(test, 0, 1));
        }
        else
        {
            yield return ("coarse_label_names.txt", "aquatic_mammals\n"u8.ToArray());
            yield return ("train.bin", Part(train, 0, 1));
            yield return ("fine_label_names.txt", Encoding.ASCII.GetBytes(string.Join('\n', names) + "\n"));
            yield return ("test.bin", Part(test, 0, 1));
        }
    }

    private static byte[][] Records(int kind, IReadOnlyList<string> names, IReadOnlyList<string> classes, int perClass, int firstSeed)
    {
        List<byte[]> records = [];
        foreach (string className in classes)
        {
            byte label = (byte)names.ToList().IndexOf(className);
            for (int i = 0; i < perClass; i++)
            {
                byte[] planes = DrawnPictures.Planes(className, label, firstSeed + i, CifarSide);
                records.Add(kind == 10 ? [label, .. planes] : [0, label, .. planes]);
            }
        }

        byte[][] shuffled = [.. records];
        new Random(kind).Shuffle(shuffled);
        return shuffled;
    }

    private static byte[] Part(byte[][] records, int part, int parts) => [.. records.Where((_, i) => i % parts == part).SelectMany(record => record)];

    private static string Extension(SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => "jpg",
        SKEncodedImageFormat.Png => "png",
        _ => "webp",
    };
}
