using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>How like each other the two sides' results are.</summary>
internal static class Agreement
{
    /// <summary>The least cosine of two vectors in a row's place, and the largest difference of two numbers.</summary>
    public static string OfVectors(ReadOnlySpan<float> own, byte[] peer, int dimension)
    {
        ReadOnlySpan<float> theirs = MemoryMarshal.Cast<byte, float>(peer);
        SameLength(own.Length, theirs.Length);
        double cosine = 1;
        double difference = 0;
        for (int at = 0; at < own.Length; at += dimension)
        {
            ReadOnlySpan<float> a = own.Slice(at, dimension);
            ReadOnlySpan<float> b = theirs.Slice(at, dimension);
            (double dot, double aa, double bb) = (0, 0, 0);
            for (int i = 0; i < dimension; i++)
            {
                (dot, aa, bb) = (dot + ((double)a[i] * b[i]), aa + ((double)a[i] * a[i]), bb + ((double)b[i] * b[i]));
                difference = Math.Max(difference, Math.Abs(a[i] - b[i]));
            }

            // A vector of zeros or of no numbers agrees with nothing.
            cosine = Math.Min(cosine, double.IsFinite(dot / Math.Sqrt(aa * bb)) ? dot / Math.Sqrt(aa * bb) : -1);
        }

        return string.Create(CultureInfo.InvariantCulture, $"cosine ≥ {Math.Floor(cosine * 1e6) / 1e6:F6}, differ by ≤ {difference:0.0E+0}");
    }

    /// <summary>Tensors of pixels.</summary>
    public static string OfTensors(ReadOnlySpan<float> own, byte[] peer)
    {
        ReadOnlySpan<float> theirs = MemoryMarshal.Cast<byte, float>(peer);
        SameLength(own.Length, theirs.Length);
        return own.SequenceEqual(theirs) ? "equal to the bit" : string.Create(CultureInfo.InvariantCulture, $"differ by ≤ {TensorPrimitives.Distance(own, theirs) / Math.Sqrt(own.Length):0.0E+0} (root mean square)");
    }

    /// <summary>Pixels, in levels of 0 to 255.</summary>
    public static string OfPixels(ReadOnlySpan<byte> own, ReadOnlySpan<byte> peer)
    {
        SameLength(own.Length, peer.Length);
        (long sum, int most) = (0, 0);
        for (int i = 0; i < own.Length; i++)
        {
            int difference = Math.Abs(own[i] - peer[i]);
            (sum, most) = (sum + difference, Math.Max(most, difference));
        }

        return string.Create(CultureInfo.InvariantCulture, $"differ by {sum / (double)own.Length:F1} levels in the mean, {most} at most");
    }

    /// <summary>Rows of 77 token ids, up to the first end token: what stands behind it is padding.</summary>
    public static string OfTokens(ReadOnlySpan<int> own, byte[] peer)
    {
        const int Context = 77;
        const int End = 49407;
        ReadOnlySpan<int> theirs = MemoryMarshal.Cast<byte, int>(peer);
        SameLength(own.Length, theirs.Length);
        int equal = 0;
        for (int at = 0; at < own.Length; at += Context)
        {
            ReadOnlySpan<int> a = own.Slice(at, Context);
            ReadOnlySpan<int> b = theirs.Slice(at, Context);
            equal += a[..(a.IndexOf(End) + 1)].SequenceEqual(b[..(b.IndexOf(End) + 1)]) ? 1 : 0;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{equal:N0} of {own.Length / Context:N0} equal");
    }

    private static void SameLength(int own, int peer)
    {
        if (own != peer)
        {
            throw new PeerException($"gave {peer} numbers where this code gives {own}.");
        }
    }
}
