using ClipFunctions.Clip.Imaging;
using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>
/// Hostile pictures, uploaded to a real host: one record for each, neighbours as if they had been alone. That each of 5,000 decodes or is refused, in
/// little time and memory, is shown by <c>ImageFuzzTests</c>; the long form is <see cref="HostilePictureSoakTests"/>.
/// </summary>
public sealed class HostilePictureTests(AzuriteServer azurite)
{
    private const int Uploads = 360;

    // Names that a blob may have, and that an address, a header, a query or a file system might take for something else.
    private static readonly string[] Names =
    [
        "täg 😀/été.jpg", "100%25.jpg", "%2e%2e%2fetc%2fpasswd", "a&b=c;d#e?f.jpg", "quote'\"<script>alert(1)</script>.jpg", "a+b c.jpg", "..dots../x..jpg", "~/.ssh/id",
        "C:/windows/x.jpg", "{0}{name}{}.jpg", "$(id)`id`|id.jpg", "tag=clip_1,'x'.jpg", "\u202Egpj.exe", "e\u0301\u0302\u0303.jpg", new string('x', 1015) + ".jpg", "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p.jpg",
        "results/x.jpg.json", "x.npy", "%0d%0aSet-Cookie: a=b.jpg", "%00.jpg", "%c0%ae%c0%ae/x.jpg", "%252e%252e%252fx.jpg", "con.jpg", "\u0130ı\u1E9Eß.jpg",
    ];

    [Fact]
    public async Task EachHasOneRecordAndNoNeighbourSuffers()
    {
        ImageLimits limits = new() { MaxDecodeTime = TimeSpan.FromSeconds(10) };
        HostilePicture[] crafted = [.. HostilePictures.Crafted(HostilePictures.FewPixels).Where(picture => picture.File.Length < 3_000_000)];
        Dictionary<string, HostilePicture> uploads = new(StringComparer.Ordinal);
        for (int i = 0; uploads.Count < Uploads; i++)
        {
            // Every kind of trick, and mutations.
            HostilePicture picture = i % 3 == 0 ? HostilePictures.Mutation(HostilePictures.Seed, 100_000 + i) : crafted[i * 7 % crafted.Length];
            uploads[i < Names.Length ? Names[i] : $"hostile-{i}.jpg"] = picture;
        }

        // Ninety passes over all the pixels that the limit lets through: half a minute, if they were made.
        uploads["hostile-slow.jpg"] = HostilePictures.Slow;
        HostileReport report = await HostileUploads.RunAsync(azurite, uploads, 30, limits, 60);

        Assert.Contains(DecodeTimeoutException.Code, report.Outcomes.Keys);

        // Two decoders with buffers of the next power of two, above what a host holds anyway.
        report.Assert(memory: 700);
    }
}
