using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ClipFunctions.Testing;

namespace ClipFunctions.Cli.Tests;

public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clip-cli-");

    private static string Cat => Path.Combine(RepositoryPaths.Samples, "cat.jpg");

    private string Cache => Path.Combine(_folder.FullName, "cache");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ModelsListsWhatIsHereAndWithAllTheCatalogue()
    {
        JsonNode here = (await CommandRun.OfAsync("models", "--json", "--cache", Cache)).MustSucceed().Json;
        Assert.Equal("demo", (string?)here["local"]![0]!["id"]);
        Assert.Null(here["catalogue"]);

        JsonNode all = (await CommandRun.OfAsync("models", "--all", "--json", "--cache", Cache)).MustSucceed().Json;
        Assert.Contains(all["catalogue"]!.AsArray(), entry => (string?)entry!["id"] == "ViT-L/14@336px");
        Assert.Contains("ViT-L/14@336px", (await CommandRun.OfAsync("models", "--all", "--cache", Cache)).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsTellsOfABrokenBundleAndListsTheOthers()
    {
        DirectoryInfo broken = Directory.CreateDirectory(Path.Combine(Cache, "broken"));
        await File.WriteAllTextAsync(Path.Combine(broken.FullName, "clip.json"), "{", Token);
        CommandRun run = (await CommandRun.OfAsync("models", "--cache", Cache)).MustSucceed();
        Assert.Contains("demo", run.Output, StringComparison.Ordinal);
        Assert.Contains("broken:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClassifyNamesTheSamples()
    {
        JsonNode result = (await CommandRun.OfAsync("classify", RepositoryPaths.Samples, "--top", "1", "--json", "--device", "cpu")).MustSucceed().Json;
        JsonArray pictures = result["pictures"]!.AsArray();
        Assert.Equal(Directory.GetFiles(RepositoryPaths.Samples).Length, pictures.Count);
        Assert.All(pictures, picture => Assert.Equal(
            Path.GetFileNameWithoutExtension((string)picture!["picture"]!).Replace('-', ' '),
            (string?)picture["labels"]![0]!["label"]));
    }

    [Fact]
    public async Task FastIsToldInTheOutput()
    {
        JsonNode exact = (await CommandRun.OfAsync("classify", RepositoryPaths.Samples, "--top", "1", "--json", "--device", "cpu")).MustSucceed().Json;
        JsonNode fast = (await CommandRun.OfAsync("classify", RepositoryPaths.Samples, "--top", "1", "--fast", "--json", "--device", "cpu")).MustSucceed().Json;
        Assert.Equal(("exact", "fast"), ((string?)exact["preprocess"], (string?)fast["preprocess"]));
        Assert.Equal(
            exact["pictures"]!.AsArray().Select(picture => (string?)picture!["labels"]![0]!["label"]),
            fast["pictures"]!.AsArray().Select(picture => (string?)picture!["labels"]![0]!["label"]));
        JsonNode vectors = (await CommandRun.OfAsync("embed", Cat, "--fast", "--json", "--device", "cpu")).MustSucceed().Json;
        Assert.Equal("fast", (string?)vectors["preprocess"]);
    }

    [Fact]
    public async Task ClassifyTakesLabelsAndTemplates()
    {
        JsonNode result = (await CommandRun.OfAsync("classify", Cat, "--labels", "a dog, a cat", "--labels", "a bus", "--template", "{}", "--json", "--device", "cpu")).MustSucceed().Json;
        JsonArray labels = result["pictures"]![0]!["labels"]!.AsArray();
        Assert.Equal(3, labels.Count);
        Assert.Equal("a cat", (string?)labels[0]!["label"]);
        Assert.Equal(1, labels.Sum(label => (float)label!["probability"]!), 4);
    }

    [Fact]
    public async Task ABadPictureIsToldAndTheOthersAreClassified()
    {
        string bad = Path.Combine(_folder.FullName, "bad.jpg");
        await File.WriteAllTextAsync(bad, "no picture", Token);
        CommandRun run = await CommandRun.OfAsync("classify", bad, Cat, "--labels", "cat,dog", "--json", "--device", "cpu");
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Equal("cat", (string?)run.Json["pictures"]![0]!["labels"]![0]!["label"]);
        Assert.Equal(bad, (string?)run.Json["refused"]![0]!["picture"]);
        Assert.Contains($"clip: {bad}: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EmbedWritesNumPysFormat()
    {
        string path = Path.Combine(_folder.FullName, "vectors.npy");
        JsonNode result = (await CommandRun.OfAsync("embed", Cat, "--text", "a cat", "-t", "a dog", "--normalize", "--output", path, "--json", "--device", "cpu")).MustSucceed().Json;
        byte[] file = await File.ReadAllBytesAsync(path, Token);
        Assert.Contains("'shape': (3, 256)", Encoding.ASCII.GetString(file, 10, 118), StringComparison.Ordinal);
        Assert.Equal(128 + (3 * 256 * 4), file.Length);
        float[][] vectors = [.. result["vectors"]!.AsArray().Select(entry => entry!["vector"]!.AsArray().Select(value => (float)value!).ToArray())];
        Assert.Equal(BinaryPrimitives.ReadSingleLittleEndian(file.AsSpan(128)), vectors[0][0]);
        Assert.All(vectors, vector => Assert.Equal(1, vector.Sum(value => value * value), 4));
        double cat = vectors[0].Zip(vectors[1], (a, b) => a * b).Sum();
        double dog = vectors[0].Zip(vectors[2], (a, b) => a * b).Sum();
        Assert.True(cat > dog);
    }

    [Fact]
    public async Task TokenizeGivesIdsAndTokens()
    {
        JsonNode result = (await CommandRun.OfAsync("tokenize", "A photo of a cat", "--json", "--device", "cpu")).MustSucceed().Json;
        JsonNode text = result["texts"]![0]!;
        Assert.Equal((int)result["contextLength"]!, text["ids"]!.AsArray().Count);
        Assert.Equal(["<|startoftext|>", "a</w>", "photo</w>", "of</w>", "a</w>", "cat</w>", "<|endoftext|>"], text["tokens"]!.AsArray().Select(token => (string?)token));
    }

    [Fact]
    public async Task ATextThatIsTooLongFailsUnlessItIsToBeCut()
    {
        string text = string.Join(' ', Enumerable.Repeat("cat", 40));
        CommandRun run = await CommandRun.OfAsync("tokenize", text, "--device", "cpu");
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Contains("42", run.Error, StringComparison.Ordinal);
        (await CommandRun.OfAsync("tokenize", text, "--truncate", "--device", "cpu")).MustSucceed();
    }

    [Fact]
    public async Task ConvertedModelsAreFoundByTheirId()
    {
        string source = Path.Combine(RepositoryPaths.DemoBundle, "source");
        JsonNode converted = (await CommandRun.OfAsync("convert", source, "--id", "mine", "--precision", "int8", "--cache", Cache, "--json")).MustSucceed().Json;
        Assert.Equal(Path.Combine(Cache, "mine.int8"), (string?)converted["folder"]);
        Assert.Equal(ExitCodes.Failure, (await CommandRun.OfAsync("convert", source, "--id", "mine", "--precision", "int8", "--cache", Cache)).Code);
        (await CommandRun.OfAsync("convert", source, "--id", "mine", "--precision", "int8", "--cache", Cache, "--overwrite")).MustSucceed();

        JsonNode seen = (await CommandRun.OfAsync("classify", Cat, "--model", "mine:int8", "--top", "1", "--cache", Cache, "--json", "--device", "cpu")).MustSucceed().Json;
        Assert.Equal("cat", (string?)seen["pictures"]![0]!["labels"]![0]!["label"]);
        Assert.Equal((string?)converted["fingerprint"], (string?)seen["fingerprint"]);
        (await CommandRun.OfAsync("verify", "mine", "--cache", Cache, "--device", "cpu")).MustSucceed();
        Assert.Contains("int8", (await CommandRun.OfAsync("inspect", Path.Combine(Cache, "mine.int8"))).MustSucceed().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyFindsAChangedByte()
    {
        string copy = Path.Combine(_folder.FullName, "copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(RepositoryPaths.DemoBundle))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        (await CommandRun.OfAsync("verify", copy, "--device", "cpu")).MustSucceed();
        await using (FileStream graph = File.OpenWrite(Path.Combine(copy, "textual.onnx")))
        {
            graph.Position = graph.Length / 2;
            graph.WriteByte(0xA5);
            graph.WriteByte(0x5A);
        }

        CommandRun run = await CommandRun.OfAsync("verify", copy, "--device", "cpu");
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Contains("SHA-256 expected", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task InspectShowsACheckpointsArchitectureAndTensors()
    {
        JsonNode result = (await CommandRun.OfAsync("inspect", Path.Combine(RepositoryPaths.DemoBundle, "source"), "--tensors", "--json")).MustSucceed().Json;
        Assert.Equal("ModifiedResNet", (string?)result["architecture"]!["vision"]!["kind"]);
        Assert.Contains(result["names"]!.AsArray(), tensor => (string?)tensor!["name"] == "text_projection");
        Assert.Null(result["problem"]);
    }

    [Theory]
    [InlineData("pull", "vit-b/33", "Did you mean ViT-B/32")]
    [InlineData("pull", "ViT-B/32", "Offline")]
    [InlineData("verify", "/no/such/folder", "there is no such file")]
    [InlineData("inspect", "README.nowhere", "There is no model")]
    [InlineData("tokenize", "a cat", "is not a model id", "-m", "not an id!")]
    public async Task WhatCannotBeDoneEndsWithOneAndSaysWhy(string command, string argument, string message, params string[] rest)
    {
        CommandRun run = await CommandRun.OfAsync([command, argument, "--offline", "--cache", Cache, .. rest]);
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("pull")]
    [InlineData("frobnicate")]
    [InlineData("classify", "x.jpg", "--top", "many")]
    [InlineData("convert", "x", "--precision", "int4")]
    [InlineData("classify", "nowhere.jpg")]
    [InlineData("embed")]
    [InlineData("models", "--hub-url", "nonsense")]
    public async Task AWrongCommandLineEndsWithTwo(params string[] args)
    {
        CommandRun run = await CommandRun.OfAsync(args);
        Assert.Equal(ExitCodes.Usage, run.Code);
        Assert.StartsWith("clip: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("models")]
    [InlineData("pull")]
    [InlineData("convert")]
    [InlineData("inspect")]
    [InlineData("tokenize")]
    [InlineData("embed")]
    [InlineData("classify")]
    [InlineData("verify")]
    public async Task HelpShowsExamples(string command)
    {
        CommandRun run = (await CommandRun.OfAsync(command.Length == 0 ? ["--help"] : [command, "--help"])).MustSucceed();
        Assert.Contains($"Examples:{Environment.NewLine}  clip ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheProcessItselfPrintsAndExits()
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in (string[])[Path.Combine(AppContext.BaseDirectory, "clip.dll"), "tokenize", "-", "--json"])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync("a cat\na dog\n");
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(2, JsonNode.Parse(output)!["texts"]!.AsArray().Count);
    }
}
