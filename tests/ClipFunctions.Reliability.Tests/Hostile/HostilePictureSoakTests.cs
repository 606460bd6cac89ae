using System.Diagnostics;
using System.Globalization;
using ClipFunctions.Clip.Imaging;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>
/// The long forms of <see cref="HostilePictureTests"/>: <c>./test.sh --soak</c>. <c>CLIP_SOAK_PICTURES</c> tells how many mutations are decoded
/// (100,000); 5,000 files, at most, are uploaded. Bombs unfold to as many pixels as the default limit lets through.
/// </summary>
[Trait("Category", "Soak")]
[Collection("Soak")]
public sealed class HostilePictureSoakTests
{
    private const int MostUploads = 5000;
    private const double HostMemory = 6000;

    // A decoder that cannot be interrupted goes on for so long, at most, after its time is up; on two cores that do other things, too.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static readonly int Pictures =
        int.TryParse(Environment.GetEnvironmentVariable("CLIP_SOAK_PICTURES"), CultureInfo.InvariantCulture, out int pictures) ? pictures : 100_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public void EachDecodesOrIsRefusedSoon()
    {
        Print($"  seed {Storm.Seed}");
        Print("| hostile picture | bytes | outcome | time |");
        Print("|---|---|---|---|");
        ImageDecoder decoder = new();
        List<(HostilePicture Picture, string Outcome, TimeSpan Time)> all = [];
        foreach (HostilePicture picture in HostilePictures.All(Storm.Seed, Pictures, HostilePictures.MostPixels))
        {
            Token.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            string outcome = HostileUploads.Outcome(decoder, picture);
            TimeSpan time = Stopwatch.GetElapsedTime(start);
            Assert.True(picture.Outcome is null || picture.Outcome == outcome, $"{picture}: {outcome} instead of {picture.Outcome}");
            Assert.True(time < Bound, $"{picture} took {time}.");
            all.Add((picture with { File = picture.File[..0] }, $"{picture.File.Length} | {outcome}", time));
        }

        foreach ((HostilePicture picture, string outcome, TimeSpan time) in all.OrderByDescending(one => one.Time).Take(25))
        {
            Print(string.Create(CultureInfo.InvariantCulture, $"| {picture.Name} | {outcome} | {time.TotalSeconds:F2} s |"));
        }
    }

    [Fact(Explicit = true)]
    public async Task EachHasOneRecordAndNoNeighbourSuffers()
    {
        Print($"  seed {Storm.Seed}");
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        Dictionary<string, HostilePicture> uploads = HostilePictures.All(Storm.Seed, Math.Min(Pictures, MostUploads), HostilePictures.MostPixels)
            .Select((picture, i) => (picture, i)).ToDictionary(one => $"hostile-{one.i}", one => one.picture);

        HostileReport report = await HostileUploads.RunAsync(azurite, uploads, 200, new ImageLimits(), 1800);

        Print("| hostile uploads | outcomes | time | the host's memory, at most |");
        Print("|---|---|---|---|");
        Print(string.Create(
            CultureInfo.InvariantCulture,
            $"| {uploads.Count} beside {report.Neighbours.Tagged + report.Neighbours.Failed} | {string.Join(", ", report.Outcomes.OrderByDescending(outcome => outcome.Value).Select(outcome => $"{outcome.Value} {outcome.Key}"))} | {report.Elapsed.TotalSeconds:F0} s | {report.PeakMemory:F0} MB |"));
        report.Assert(HostMemory);
    }

    private static void Print(string line) => Console.WriteLine(line);
}
