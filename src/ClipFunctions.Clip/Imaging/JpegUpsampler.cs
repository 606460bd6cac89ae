using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ClipFunctions.Clip.Imaging;

/// <summary>
/// Brings a component's samples to the picture's size: libjpeg-turbo's "fancy" upsampling where it has one, else plain repetition (jdsample.c).
/// Rows of samples must go on beside their ends with the last sample again.
/// </summary>
internal static unsafe class JpegUpsampler
{
    /// <summary>One row.</summary>
    /// <param name="component">The component.</param>
    /// <param name="near">The row of samples that covers it.</param>
    /// <param name="far">The row above that, if <paramref name="y"/> is even, otherwise the one below.</param>
    /// <param name="y">The picture's row.</param>
    /// <param name="target">Takes the row; up to 64 bytes behind <paramref name="end"/> are written.</param>
    /// <param name="sums">As many numbers as the component has samples in a row, and 64 more.</param>
    /// <param name="first">First column that is wanted.</param>
    /// <param name="end">One behind the last column that is wanted.</param>
    /// <returns>The row: <paramref name="target"/>, or <paramref name="near"/> where there is nothing to do.</returns>
    public static byte* Row(JpegComponent component, byte* near, byte* far, int y, byte* target, short* sums, int first, int end)
    {
        int firstSample = first / component.ExpandH;
        int endSample = (end + component.ExpandH - 1) / component.ExpandH;
        bool wide = component.Width > 2;
        switch (component.ExpandH, component.ExpandV)
        {
            case (1, 1):
                return near;
            case (1, 2):
                Vector256<ushort> bias = Vector256.Create((ushort)(y % 2 == 0 ? 1 : 2));
                for (int x = first; x < end; x += 16)
                {
                    Vector256<ushort> sum = (ThreeToOne(near + x, far + x) + bias) >> 2;
                    Vector128.Narrow(sum.GetLower(), sum.GetUpper()).Store(target + x);
                }

                break;
            case (2, 1) when wide:
                for (int x = firstSample; x < endSample; x += 16)
                {
                    Vector256<ushort> three = Wide(near + x) * 3;
                    Vector256<ushort> even = (three + Wide(near + x - 1) + Vector256.Create((ushort)1)) >> 2;
                    Vector256<ushort> odd = (three + Wide(near + x + 1) + Vector256.Create((ushort)2)) >> 2;
                    (even | odd << 8).AsByte().Store(target + 2 * x);
                }

                break;
            case (2, 2) when wide:
                // sums[0] is the sample before the first.
                for (int x = firstSample - 1; x <= endSample; x += 16)
                {
                    ThreeToOne(near + x, far + x).AsInt16().Store(sums + x - firstSample + 1);
                }

                for (int x = firstSample; x < endSample; x += 16)
                {
                    short* here = sums + x - firstSample + 1;
                    Vector256<ushort> three = Vector256.Load(here).AsUInt16() * 3;
                    Vector256<ushort> even = (three + Vector256.Load(here - 1).AsUInt16() + Vector256.Create((ushort)8)) >> 4;
                    Vector256<ushort> odd = (three + Vector256.Load(here + 1).AsUInt16() + Vector256.Create((ushort)7)) >> 4;
                    (even | odd << 8).AsByte().Store(target + 2 * x);
                }

                break;
            default:
                for (int x = first; x < end; x++)
                {
                    target[x] = near[x / component.ExpandH];
                }

                break;
        }

        return target;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> ThreeToOne(byte* near, byte* far) => Wide(near) * 3 + Wide(far);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ushort> Wide(byte* samples)
    {
        Vector128<byte> loaded = Vector128.Load(samples);
        return Vector256.Create(Vector128.WidenLower(loaded), Vector128.WidenUpper(loaded));
    }
}
