using ClipFunctions.Testing;
using SkiaSharp;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The pictures that are uploaded, by number; one in sixteen is none.</summary>
internal static class Gallery
{
    /// <summary>How many there are, besides <see cref="White"/>.</summary>
    public const int Count = 64;

    /// <summary>The number of a picture that is all white: the one that graphs of <see cref="Models.FaultyBundle"/> cannot stand.</summary>
    public const int White = Count;

    private static readonly byte[][] Files = [.. Enumerable.Range(0, Count).Select(Make), MakeWhite()];

    /// <summary>Whether a number's file can be decoded.</summary>
    public static bool IsGood(int number) => number % 16 != 15;

    /// <summary>A number's file.</summary>
    public static byte[] File(int number) => Files[number];

    private static byte[] MakeWhite()
    {
        using SKBitmap bitmap = new(new SKImageInfo(96, 96, SKColorType.Rgba8888, SKAlphaType.Opaque));
        bitmap.Erase(SKColors.White);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static byte[] Make(int number)
    {
        byte[] jpeg = TestPictures.Jpeg(number, 96, 72);
        return IsGood(number) ? jpeg : number % 32 == 15 ? jpeg[..(jpeg.Length / 2)] : "no picture"u8.ToArray();
    }
}
