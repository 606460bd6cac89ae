using ClipFunctions.Clip.Bundles;
using ClipFunctions.Pipeline.Search;
using ClipFunctions.Pipeline.Uploads;
using CsCheck;

namespace ClipFunctions.Pipeline.Tests.Search;

public sealed class IndexSnapshotTests
{
    private const int Dimension = 3;

    // Few directions, so that many scores are equal; sometimes none.
    private static readonly Gen<float[]> Vectors = Gen.Frequency(
        (9, Gen.Int[-1, 1].Select(value => (float)value).Array[Dimension].Where(vector => vector.Any(value => value != 0))),
        (1, Gen.Const(Array.Empty<float>())));

    private static readonly Gen<IndexEntry[]> Entries = Gen.Select(Vectors, Gen.OneOf("f", "g"), Gen.Int[0, 3])
        .Array[0, 60]
        .Select(items => items.Select((item, i) => Entry($"{i * 7919 % 61:D2}.jpg", item.Item2, item.Item3, item.Item1)).ToArray());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void FindsWhatComparingWithEachFinds() =>
        Gen.Select(Entries, Vectors.Where(vector => vector.Length > 0), Gen.Int[0, 70], Gen.Int[0, 70]).Sample((entries, query, top, skip) =>
        {
            SearchPage page = new IndexSnapshot(entries).Search("f", query, top, skip, Token);

            IndexEntry[] compared = [.. entries.Where(entry => entry.Model.Fingerprint == "f" && !entry.Vector.IsEmpty)];
            Assert.Equal(compared.Length, page.Pictures);
            Assert.Equal(
                compared
                    .Select(entry => (entry.Name, Score: Cosine(entry.Vector.Span, query)))
                    .OrderByDescending(hit => Math.Round(hit.Score, 4))
                    .ThenBy(hit => hit.Name, StringComparer.Ordinal)
                    .Skip(skip)
                    .Take(top)
                    .Select(hit => hit.Name),
                page.Hits.Select(hit => hit.Entry.Name));
            Assert.All(page.Hits, hit => Assert.Equal(Cosine(hit.Entry.Vector.Span, query), hit.Score, 1e-5));
        });

    [Fact]
    public void PagesOfManyPicturesMakeUpTheWholeOrder()
    {
        Random random = new(1);
        float[][] directions = [.. Enumerable.Range(0, 500).Select(_ => Direction(random))];
        IndexSnapshot snapshot = new(Enumerable.Range(0, 20_000).Select(i => Entry($"{random.Next():X8}-{i}", "f", i, directions[random.Next(500)])));
        float[] query = Direction(random);

        SearchPage whole = snapshot.Search("f", query, int.MaxValue, 0, Token);
        List<ScoredEntry> paged = [];
        for (int skip = 0; skip < 20_000; skip += 3_000)
        {
            paged.AddRange(snapshot.Search("f", query, 3_000, skip, Token).Hits);
        }

        Assert.Equal(20_000, whole.Hits.Count);
        Assert.Equal(whole.Hits, paged);
        Assert.Equal(whole.Hits.OrderByDescending(hit => hit.Score).ThenBy(hit => hit.Entry.Name, StringComparer.Ordinal), whole.Hits);
    }

    [Fact]
    public void ListsTheNewestFirstAndEqualTimesByName()
    {
        IndexSnapshot snapshot = new([Entry("b", "f", 1, [1]), Entry("a", "f", 1, [1]), Entry("c", "f", 2, []), Entry("B", "g", 1, [1])]);

        Assert.Equal(["c", "B", "a", "b"], snapshot.Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void FindsAnUploadByItsName()
    {
        IndexEntry entry = Entry("a/b.jpg", "f", 1, []);
        IndexSnapshot snapshot = new([entry]);

        Assert.Same(entry, snapshot.Find("a/b.jpg"));
        Assert.Null(snapshot.Find("A/b.jpg"));
        Assert.Null(snapshot.Find(""));
    }

    [Fact]
    public void NeverComparesVectorsOfTwoModelsOrLengths()
    {
        IndexSnapshot snapshot = new([Entry("a", "f", 1, [1, 0]), Entry("b", "g", 1, [1, 0]), Entry("c", "f", 1, [1, 0, 0])]);

        Assert.Equal("a", Assert.Single(snapshot.Search("f", [1, 0], 10, 0, Token).Hits).Entry.Name);
        Assert.Equal("b", Assert.Single(snapshot.Search("g", [1, 0], 10, 0, Token).Hits).Entry.Name);
        Assert.Equal(0, snapshot.Search("h", [1, 0], 10, 0, Token).Pictures);
        Assert.Empty(snapshot.Search("f", [1], 10, 0, Token).Hits);
    }

    [Theory]
    [InlineData(1e-30f, 2e-30f)]
    [InlineData(1e30f, 2e30f)]
    public void TheQuerysLengthDoesNotMatter(float x, float y)
    {
        IndexSnapshot snapshot = new([Entry("a", "f", 1, [1, 2])]);

        Assert.Equal(1, Assert.Single(snapshot.Search("f", [x, y], 1, 0, Token).Hits).Score, 1e-6);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void RefusesAQueryWithoutDirection(float value) =>
        Assert.Throws<ArgumentException>(() => new IndexSnapshot([]).Search("f", [0, value], 1, 0, Token));

    [Fact]
    public void StopsWhenCancelled()
    {
        IndexSnapshot few = new([Entry("a", "f", 1, [1])]);
        IndexSnapshot many = new(Enumerable.Range(0, 10_000).Select(i => Entry($"{i}", "f", 1, [1])));

        Assert.Throws<OperationCanceledException>(() => few.Search("f", [1], 1, 0, new CancellationToken(true)));
        Assert.Throws<OperationCanceledException>(() => many.Search("f", [1], 1, 0, new CancellationToken(true)));
    }

    private static double Cosine(ReadOnlySpan<float> one, ReadOnlySpan<float> other)
    {
        double dot = 0, squares = 0, otherSquares = 0;
        for (int i = 0; i < one.Length; i++)
        {
            dot += (double)one[i] * other[i];
            squares += (double)one[i] * one[i];
            otherSquares += (double)other[i] * other[i];
        }

        return dot / Math.Sqrt(squares * otherSquares);
    }

    private static float[] Direction(Random random) => [.. Enumerable.Range(0, 16).Select(_ => (random.NextSingle() * 2) - 1)];

    private static IndexEntry Entry(string name, string fingerprint, int seconds, float[] vector)
    {
        float length = MathF.Sqrt(vector.Sum(value => value * value));
        return new IndexEntry
        {
            Name = name,
            State = vector.Length > 0 ? UploadState.Tagged : UploadState.Failed,
            ETag = "\"0x1\"",
            Size = 1,
            Model = new UploadModel("demo", fingerprint, ModelPrecision.Fp32, "cpu"),
            Labels = [],
            Time = DateTimeOffset.UnixEpoch.AddSeconds(seconds),
            Vector = vector.Select(value => value / length).ToArray(),
        };
    }
}
