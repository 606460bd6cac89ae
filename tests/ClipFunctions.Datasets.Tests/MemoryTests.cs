using System.Formats.Tar;
using System.IO.Compression;
using ClipFunctions.Datasets.Plans;

namespace ClipFunctions.Datasets.Tests;

/// <summary>Run alone, because what other tests allocate would count.</summary>
[Collection(nameof(MemoryTests))]
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public class MemoryTests
{
    [Fact]
    public async Task AMemberThatUnpacksToMuchTakesNoMemory()
    {
        MemoryFiles files = new() { PieceSize = 1 << 16 };
        files["0.tgz"] = Bomb(256 << 20);
        await files.PlanAsync();
        long before = GC.GetTotalAllocatedBytes(precise: true);

        DatasetPlan plan = await files.PlanAsync();

        Assert.Equal(3, plan.Items.Count);
        Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 << 20);
    }

    /// <summary>A gzipped tar of three pictures, one of them of so many zeros.</summary>
    private static byte[] Bomb(int size)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            byte[] tar = Tars.Of(TarEntryFormat.Ustar, ("cat/1.jpg", [1]), ("dog/1.jpg", new byte[size]), ("dog/2.jpg", [2]));
            gzip.Write(tar);
        }

        return packed.ToArray();
    }
}
