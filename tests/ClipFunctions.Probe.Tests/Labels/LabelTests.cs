using ClipFunctions.Probe.Labels;
using CsCheck;

namespace ClipFunctions.Probe.Tests.Labels;

public sealed class LabelTests
{
    [Fact]
    public void NumbersAreSortedAsNumbersAndNamesAsBytes()
    {
        LabelVector numbers = LabelVector.From([10, 9, -1, 10]);
        Assert.Equal(["-1", "9", "10"], numbers.Classes);
        Assert.Equal([2, 1, 0, 2], numbers.Indices);
        LabelVector names = LabelVector.From(["b", "B", "a", "b"]);
        Assert.Equal(["B", "a", "b"], names.Classes);
        Assert.Equal([2, 0, 1, 2], names.Indices);
        Assert.Equal([1, 1, 2], names.CountByClass());
    }

    [Fact]
    public void LabelsThatNameNoClassAreRefused()
    {
        Assert.Throws<ArgumentException>(() => LabelVector.FromIndices([0, 2], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => LabelVector.FromIndices([-1], ["a", "b"]));
        Assert.Throws<ArgumentException>(() => LabelVector.FromIndices([0], ["a", "a"]));
        Assert.Throws<ArgumentException>(() => LabelVector.From(["a", ""]));
        Assert.Throws<ArgumentException>(() => LabelVector.Concatenate(LabelVector.From([0, 1]), LabelVector.From([1, 0, 2])));
    }

    [Fact]
    public void ASplitHasEveryRowOnceAndEveryClassInItsShare() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 200], Gen.Double[0.01, 0.99], Gen.Int).Sample((rows, share, seed) =>
        {
            LabelVector labels = LabelVector.From(rows);
            (int[] first, int[] second) = StratifiedSplit.Create(labels, share, seed);
            Assert.Equal(Enumerable.Range(0, rows.Length), first.Concat(second).Order());
            Assert.Equal(first.Order(), first);
            Assert.Equal(second.Order(), second);
            int[] all = labels.CountByClass(), part = labels.Select(second).CountByClass();
            for (int c = 0; c < all.Length; c++)
            {
                Assert.True(all[c] < 2 ? part[c] == 0 : part[c] >= 1 && part[c] < all[c] && Math.Abs(part[c] - (share * all[c])) <= 1, $"{part[c]} of {all[c]} at {share}.");
            }

            (int[] again, int[] _) = StratifiedSplit.Create(labels, share, seed);
            Assert.Equal(first, again);
        });
}
