using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The pictures that are uploaded, by number; one in sixteen is none.</summary>
internal static class Gallery
{
    /// <summary>How many there are.</summary>
    public const int Count = 64;

    private static readonly byte[][] Files = [.. Enumerable.Range(0, Count).Select(Make)];

    /// <summary>Whether a number's file can be decoded.</summary>
    public static bool IsGood(int number) => number % 16 != 15;

    /// <summary>A number's file.</summary>
    public static byte[] File(int number) => Files[number % Count];

    private static byte[] Make(int number)
    {
        byte[] jpeg = TestPictures.Jpeg(number, 96, 72);
        return IsGood(number) ? jpeg : number % 32 == 15 ? jpeg[..(jpeg.Length / 2)] : "no picture"u8.ToArray();
    }
}
