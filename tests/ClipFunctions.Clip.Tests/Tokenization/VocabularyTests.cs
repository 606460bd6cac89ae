using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Testing;

namespace ClipFunctions.Clip.Tests.Tokenization;

public sealed class VocabularyTests : IDisposable
{
    private static readonly string[] Texts = ["a cat and a dog", "hello héllo 日本語 aaaa 3!", "<|endoftext|> it's"];

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _folder = Directory.CreateTempSubdirectory("clip-vocabulary-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void PackedPlainAndCrlfMergesAreTheSameVocabulary()
    {
        string packed = Path.Combine(_folder, "bpe_small.txt.gz");
        File.WriteAllBytes(packed, Pack(TestVocabulary.SmallMerges));
        string plain = Write("small.txt", TestVocabulary.SmallMerges.ReplaceLineEndings("\r\n"));

        AssertSame(TestVocabulary.Small, ClipTokenizer.Load(packed));
        AssertSame(TestVocabulary.Small, ClipTokenizer.Load(plain));
        AssertSame(TestVocabulary.Small, ClipTokenizer.Load(_folder));
    }

    [Fact]
    public void TheHuggingFaceFormGivesTheSameIds()
    {
        WriteHuggingFace(TestVocabulary.Small, TestVocabulary.SmallMerges.Split('\n').Skip(1).Where(line => line.Length > 0));

        AssertSame(TestVocabulary.Small, ClipTokenizer.Load(_folder));
        AssertSame(TestVocabulary.Small, ClipTokenizer.Load(Path.Combine(_folder, "vocab.json")));
    }

    [Fact]
    public void BothFormsOfTheOfficialVocabularyGiveEqualIds()
    {
        ClipTokenizer official = TestVocabulary.RequireOfficial();
        using GZipStream unpacked = new(File.OpenRead(GoldenData.Vocabulary!), CompressionMode.Decompress);
        using StreamReader reader = new(unpacked);
        WriteHuggingFace(official, reader.ReadToEnd().Split('\n').Skip(1).Take(Vocabulary.MaximumMerges));

        ClipTokenizer other = ClipTokenizer.Load(_folder);

        Assert.Equal(49408, official.VocabularySize);
        Assert.Equal(49406, official.StartTokenId);
        Assert.Equal(49407, official.EndTokenId);
        AssertSame(official, other);
    }

    [Fact]
    public void IdsComeFromVocabJson()
    {
        Dictionary<string, int> ids = Symbols(TestVocabulary.Small).ToDictionary(entry => entry.Key, entry => 1000 - entry.Value);
        ClipTokenizer tokenizer = ClipTokenizer.FromVocabulary(Bytes(JsonSerializer.Serialize(ids)), Bytes(TestVocabulary.SmallMerges));

        Assert.Equal(TestVocabulary.Small.Encode("cat dog").Select(id => 1000 - id), tokenizer.Encode("cat dog"));
        Assert.Equal(1001, tokenizer.VocabularySize);
        Assert.Equal("cat dog ", tokenizer.Decode([.. tokenizer.Encode("cat dog")]));
    }

    [Fact]
    public void AFileWithoutMergesIsAVocabularyOfBytes()
    {
        ClipTokenizer tokenizer = ClipTokenizer.FromMerges(Bytes("#version: 0.2\n"));

        Assert.Equal(514, tokenizer.VocabularySize);
        Assert.Equal("cat ", tokenizer.Decode([.. tokenizer.Encode("cat")]));
    }

    [Theory]
    [InlineData("", "empty", null)]
    [InlineData("header\na b\nonly-one\n", "two symbols with a space between", 3)]
    [InlineData("header\na b c\n", "two symbols with a space between", 2)]
    [InlineData("header\na b\n\nc d\n", "two symbols with a space between", 3)]
    [InlineData("header\na b\nab zz\n", "\"zz\" is neither a byte's symbol nor made by any merge", 3)]
    public void FaultyMergesAreRefusedWithTheLine(string merges, string reason, int? line)
    {
        InvalidVocabularyException e = Assert.Throws<InvalidVocabularyException>(() => ClipTokenizer.FromMerges(Bytes(merges)));

        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Equal(line, e.Line);
    }

    [Fact]
    public void BytesThatAreNoTextAreRefused()
    {
        InvalidVocabularyException e = Assert.Throws<InvalidVocabularyException>(() => ClipTokenizer.FromMerges(new MemoryStream([0x41, 0xFF, 0xFE])));
        Assert.Contains("UTF-8", e.Message, StringComparison.Ordinal);

        byte[] damaged = Pack(TestVocabulary.SmallMerges);
        damaged.AsSpan(10).Reverse();
        Assert.Throws<InvalidVocabularyException>(() => ClipTokenizer.FromMerges(new MemoryStream(damaged)));
    }

    [Fact]
    public void AGzipBombIsRefused()
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            byte[] chunk = new byte[1 << 20];
            for (int i = 0; i < 70; i++)
            {
                gzip.Write(chunk);
            }
        }

        packed.Position = 0;
        InvalidVocabularyException e = Assert.Throws<InvalidVocabularyException>(() => ClipTokenizer.FromMerges(packed));
        Assert.Contains("more than", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{\"a\":", "not JSON")]
    [InlineData("{\"a\":\"b\"}", "the id of \"a\"")]
    [InlineData("{\"a\":-1}", "the id of \"a\"")]
    [InlineData("{\"a\":1}", "has no id there")]
    public void AFaultyVocabJsonIsRefused(string json, string reason)
    {
        InvalidVocabularyException e = Assert.Throws<InvalidVocabularyException>(() => ClipTokenizer.FromVocabulary(Bytes(json), Bytes(TestVocabulary.SmallMerges)));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.Contains("vocab.json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotThereIsNamed()
    {
        Assert.Contains(_folder, Assert.Throws<FileNotFoundException>(() => ClipTokenizer.Load(_folder)).Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", Assert.Throws<FileNotFoundException>(() => ClipTokenizer.Load(Path.Combine(_folder, "nowhere.txt"))).Message, StringComparison.Ordinal);
        Write("vocab.json", "{}");
        Assert.Contains("merges.txt", Assert.Throws<FileNotFoundException>(() => ClipTokenizer.Load(Path.Combine(_folder, "vocab.json"))).Message, StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(_folder, "a.txt.gz"), Pack("h"));
        File.WriteAllBytes(Path.Combine(_folder, "bpe_b.txt.gz"), Pack("h"));
        Assert.Equal(514, ClipTokenizer.Load(_folder).VocabularySize);
        File.WriteAllBytes(Path.Combine(_folder, "bpe_c.txt.gz"), Pack("h"));
        Assert.Contains("bpe_b.txt.gz, bpe_c.txt.gz", Assert.Throws<FileNotFoundException>(() => ClipTokenizer.Load(_folder)).Message, StringComparison.Ordinal);
    }

    private static MemoryStream Bytes(string text) => new(Encoding.UTF8.GetBytes(text));

    private static byte[] Pack(string text)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static Dictionary<string, int> Symbols(ClipTokenizer tokenizer)
    {
        Dictionary<string, int> symbols = new(StringComparer.Ordinal);
        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            symbols.Add(tokenizer.Symbol(id), id);
        }

        return symbols;
    }

    private void WriteHuggingFace(ClipTokenizer tokenizer, IEnumerable<string> merges)
    {
        Write("vocab.json", JsonSerializer.Serialize(Symbols(tokenizer), Readable));
        Write("merges.txt", "#version: 0.2\n" + string.Join('\n', merges) + "\n");
    }

    private static void AssertSame(ClipTokenizer wanted, ClipTokenizer found)
    {
        Assert.Equal(wanted.VocabularySize, found.VocabularySize);
        Assert.Equal(wanted.StartTokenId, found.StartTokenId);
        Assert.Equal(wanted.EndTokenId, found.EndTokenId);
        Assert.Equal(wanted.Tokenize(Texts).Ids.ToArray(), found.Tokenize(Texts).Ids.ToArray());
        for (int id = 0; id < wanted.VocabularySize; id++)
        {
            Assert.Equal(wanted.TokenText(id), found.TokenText(id));
        }
    }
}
