using ClipFunctions.Clip.Inference;

namespace ClipFunctions.Clip.Tests.Inference;

public class EmbeddingMatrixTests
{
    [Fact]
    public void RowsAreNormalisedAndZerosStay()
    {
        EmbeddingMatrix matrix = new([3, 4, 0, 0, 0, -2], 3, 2);
        Assert.Equal([0.6f, 0.8f, 0, 0, 0, -1], matrix.Normalize().Values.ToArray());
        Assert.Equal([3f, 4f], matrix[0].ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(3));
        Assert.Throws<ArgumentException>(() => new EmbeddingMatrix(new float[5], 2, 3));
    }

    [Fact]
    public void SoftmaxOfHugeLogitsIsFiniteAndSumsToOne()
    {
        LogitMatrix logits = new([1000, 999, -1000, 0, 0, 0], 2, 3);
        LogitMatrix probabilities = logits.Softmax();
        Assert.Equal(0.7310586f, probabilities[0, 0], 1e-6f);
        Assert.Equal(0, probabilities[0, 2]);
        Assert.Equal(1 / 3f, probabilities[1, 1], 1e-6f);
        Assert.Equal([1000f, 0f], logits.Transpose()[0].ToArray());
        Assert.Equal(0.5f, logits.Sigmoid()[1, 0]);
    }

    [Fact]
    public void VectorsOfDifferentModelsAreNotCompared()
        => Assert.Throws<ArgumentException>(() => LogitMatrix.Score(new EmbeddingMatrix(new float[4], 1, 4), new EmbeddingMatrix(new float[3], 1, 3), 1, 0));
}
