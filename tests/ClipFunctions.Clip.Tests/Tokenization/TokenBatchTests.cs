using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Clip.Tests.Tokenization;

public sealed class TokenBatchTests
{
    [Fact]
    public void RowsMadeByHandArePooledAtTheirFirstLargestId()
    {
        TokenBatch batch = new([8, 1, 9, 9, 8, 2, 3, 0, 0, 0, 0, 0], count: 3, contextLength: 4);

        Assert.Equal([2, 0, 0], batch.EndPositions.ToArray());
        Assert.Equal(2, batch.LongestEndPosition);
        Assert.Equal([8, 2, 3, 0], batch[1].ToArray());
    }

    [Fact]
    public void IdsThatDoNotFillTheRowsAreRefused()
    {
        Assert.Throws<ArgumentException>(() => new TokenBatch([1, 2, 3], count: 2, contextLength: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenBatch([], count: 1, contextLength: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenBatch([1], count: 1, contextLength: 1)[1].Length);
    }
}
