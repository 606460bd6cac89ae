using ClipFunctions.Probe.Numerics;

namespace ClipFunctions.Probe.Labels;

/// <summary>Cuts rows in two so that both parts have every class in the same proportion.</summary>
public static class StratifiedSplit
{
    /// <summary>Chooses rows at random; the same seed gives the same rows.</summary>
    /// <param name="labels">The class of every row.</param>
    /// <param name="share">The second part's share of every class, above 0 and below 1; rounded, but a class of two rows or more has at least one in each part, one of a single row only in the first.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The rows of both parts, each in ascending order.</returns>
    public static (int[] First, int[] Second) Create(LabelVector labels, double share, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (share is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(share), share, "The share lies between 0 and 1.");
        }

        List<int>[] rows = [.. labels.Classes.Select(_ => new List<int>())];
        for (int row = 0; row < labels.Count; row++)
        {
            rows[labels.Indices[row]].Add(row);
        }

        SplitMix random = new((ulong)(uint)seed);
        List<int> first = [], second = [];
        foreach (List<int> ofClass in rows)
        {
            for (int i = ofClass.Count - 1; i > 0; i--)
            {
                int j = random.Below(i + 1);
                (ofClass[i], ofClass[j]) = (ofClass[j], ofClass[i]);
            }

            int count = ofClass.Count < 2 ? 0 : Math.Clamp((int)Math.Round(share * ofClass.Count, MidpointRounding.AwayFromZero), 1, ofClass.Count - 1);
            second.AddRange(ofClass[..count]);
            first.AddRange(ofClass[count..]);
        }

        first.Sort();
        second.Sort();
        return ([.. first], [.. second]);
    }
}
