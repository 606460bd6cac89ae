namespace ClipFunctions.Probe.Reports.Html;

/// <summary>The colours of the confusion heat map. The style sheet has the same.</summary>
internal static class Heat
{
    /// <summary>Black or white on a darker colour: above this luminance black has the better contrast.</summary>
    private const double Middle = 0.179;

    private const double Weakest = 0.15;

    public static readonly (int Light, int Dark) Low = (0xf2f6f4, 0x1d2427);

    public static readonly (int Light, int Dark) Hit = (0x07504a, 0x6fd9c9);

    public static readonly (int Light, int Dark) Miss = (0xa4262c, 0xff9d97);

    /// <summary>How strong a share is coloured: the root, because a few per cent of errors must not vanish beside the hits, and never so weak that it looks like none.</summary>
    public static double Strength(double share) => Weakest + ((1 - Weakest) * Math.Sqrt(Math.Clamp(share, 0, 1)));

    /// <summary>The class of a number on a cell: b for black, w for white, in the light and in the dark theme.</summary>
    public static string Ink(bool hit, double strength)
    {
        (int light, int dark) = hit ? Hit : Miss;
        return $"ink-{InkOn(Blend(Low.Light, light, strength))}{InkOn(Blend(Low.Dark, dark, strength))}";
    }

    private static char InkOn((double R, double G, double B) colour) => Luminance(colour) > Middle ? 'b' : 'w';

    private static (double R, double G, double B) Blend(int low, int high, double strength)
    {
        return (Channel(16), Channel(8), Channel(0));

        double Channel(int shift) => ((((low >> shift) & 255) * (1 - strength)) + (((high >> shift) & 255) * strength)) / 255;
    }

    private static double Luminance((double R, double G, double B) colour)
    {
        return (0.2126 * Linear(colour.R)) + (0.7152 * Linear(colour.G)) + (0.0722 * Linear(colour.B));

        static double Linear(double value) => value <= 0.04045 ? value / 12.92 : Math.Pow((value + 0.055) / 1.055, 2.4);
    }
}
