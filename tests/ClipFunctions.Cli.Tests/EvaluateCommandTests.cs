using System.Diagnostics;
using System.Text.Json.Nodes;
using ClipFunctions.Probe.Classifying;
using ClipFunctions.Probe.Reports;
using ClipFunctions.Testing;

namespace ClipFunctions.Cli.Tests;

public sealed class EvaluateCommandTests : IDisposable
{
    private const int Unavailable = 124;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("clip-evaluate-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Output => Path.Combine(_folder.FullName, "out", "report");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task ProbeMeasuresAFolderAndWritesReportAndClassifier()
    {
        string data = Folder("pets");
        CommandRun run = (await CommandRun.OfAsync("probe", data, "--C", "0.316", "--output", Output, "--device", "cpu")).MustSucceed();

        Assert.Contains("top-1", run.Output, StringComparison.Ordinal);
        Assert.Contains("5 classes, 40 train, 0 validation, 20 test", run.Output, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Output, "report.html"), run.Error, StringComparison.Ordinal);
        EvaluationReport report = await ReportAsync();
        Assert.Equal((ReportKind.LinearProbe, 0.316, 20, 40), (report.Kind, report.Probe!.C, report.Result.Count, report.Probe.TrainCount));
        Assert.Equal("demo", report.Model.Id);
        Assert.True(report.Result.Top1 >= 0.8, $"{report.Result.Top1}");
        Assert.True(report.Timings is { PlanSeconds: > 0, ExtractSeconds: > 0, PicturesPerSecond: > 0 });
        Assert.Equal(TestDatasets.SampledClasses, LinearClassifier.Load(Path.Combine(Output, "classifier.npz")).Classes);
        string page = await File.ReadAllTextAsync(Path.Combine(Output, "report.html"), Token);
        Assert.StartsWith("<!doctype html>", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("--C 0.316", page, StringComparison.Ordinal);
        Assert.DoesNotContain("As a queue message", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonIsTheReportAndNothingElse()
    {
        CommandRun run = (await CommandRun.OfAsync("probe", Folder("pets"), "--C", "1", "--seed", "7", "--json", "--device", "cpu")).MustSucceed();

        EvaluationReport report = EvaluationReportJson.Parse(System.Text.Encoding.UTF8.GetBytes(run.Output));
        Assert.Equal((1, 20), (report.Probe!.C, report.Result.Count));
        Assert.False(Directory.Exists(Output));
    }

    [Fact]
    public async Task ProgressIsAFewPlainLinesWhereNobodyWatches()
    {
        CommandRun run = (await CommandRun.OfAsync("probe", Folder("pets"), "--C", "1", "--json", "--device", "cpu")).MustSucceed();

        string[] lines = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Contains("60 of 60 pictures", lines);
        Assert.InRange(lines.Count(line => line.EndsWith(" pictures", StringComparison.Ordinal)), 1, 11);
        Assert.DoesNotContain('\u001b', run.Error);
        Assert.DoesNotContain('\r', run.Error.Replace(Environment.NewLine, "\n", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--sweep")]
    [InlineData("--validation-share", "0.25")]
    public async Task WithoutCTheBestOneIsSearchedForOnAnArchive(params string[] options)
    {
        string archive = Path.Combine(_folder.FullName, "cifar-10-binary.tar.gz");
        await File.WriteAllBytesAsync(archive, TestDatasets.CifarArchive(10, null, 12, 4), Token);
        JsonNode report = (await CommandRun.OfAsync(["probe", archive, .. options, "--json", "--device", "cpu"])).MustSucceed().Json;

        Assert.Equal("cifar", (string?)report["dataset"]!["format"]);
        JsonArray sweep = report["probe"]!["sweep"]!.AsArray();
        Assert.True(sweep.Count > 7, $"{sweep.Count}");
        Assert.Contains((double)report["probe"]!["c"]!, sweep.Select(point => (double)point!["c"]!));
        Assert.Equal((120, 40), ((int)report["probe"]!["trainCount"]!, (int)report["result"]!["count"]!));
        Assert.Equal(options.Length == 2 ? 30 : 10, (int)report["dataset"]!["validationCount"]!);
    }

    [Fact]
    public async Task ZeroShotTakesALabelSetThatShips()
    {
        string archive = Path.Combine(_folder.FullName, "cifar-100-binary.tar.gz");
        await File.WriteAllBytesAsync(archive, TestDatasets.CifarArchive(100, null, 0, 1), Token);
        (await CommandRun.OfAsync("zeroshot", archive, "--label-set", "cifar100", "--template", "a photo of a {}.", "--output", Output, "--device", "cpu")).MustSucceed();

        EvaluationReport report = await ReportAsync();
        Assert.Equal((ReportKind.ZeroShot, "cifar100", 100), (report.Kind, report.Labels!.Name, report.Result.Count));
        Assert.Contains("aquarium fish", report.Labels.Labels);
        Assert.Null(report.Probe);
        Assert.NotNull(report.Result.Top5);
        Assert.False(File.Exists(Path.Combine(Output, "classifier.npz")));
    }

    [Fact]
    public async Task ZeroShotTakesTemplatesAndALabelSetFile()
    {
        string labels = Path.Combine(_folder.FullName, "mine.json");
        await File.WriteAllTextAsync(labels, """{"name":"mine","templates":["{}"],"labels":["rocket","bus","tractor","elephant","butterfly","cat"]}""", Token);
        JsonNode mine = (await CommandRun.OfAsync("zeroshot", Folder("pets"), "--label-set", labels, "--json", "--device", "cpu")).MustSucceed().Json;
        Assert.Equal(["{}"], mine["labels"]!["templates"]!.AsArray().Select(text => (string?)text));
        Assert.Equal(TestDatasets.SampledClasses, mine["labels"]!["labels"]!.AsArray().Select(text => (string?)text));

        JsonNode named = (await CommandRun.OfAsync("zeroshot", Folder("pets"), "--template", "a picture of a {}.", "--template", "a drawing of a {}", "--json", "--device", "cpu")).MustSucceed().Json;
        Assert.Equal(["a picture of a {}.", "a drawing of a {}"], named["labels"]!["templates"]!.AsArray().Select(text => (string?)text));
        Assert.True((double)named["result"]!["top1"]! >= 0.8);
    }

    [Fact]
    public async Task AManifestIsADataSetToo()
    {
        string pictures = Folder("pets");
        string manifest = Path.Combine(pictures, "all.csv");
        IEnumerable<string> rows = Directory.EnumerateFiles(pictures, "*.*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(pictures, file).Replace('\\', '/'))
            .Where(file => file.StartsWith("train/", StringComparison.Ordinal) || file.StartsWith("test/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(file => $"{file},{file.Split('/')[1]},{file.Split('/')[0]}");
        await File.WriteAllLinesAsync(manifest, ["path,label,split", .. rows.ToArray()], Token);
        JsonNode report = (await CommandRun.OfAsync("probe", manifest, "--C", "1", "--json", "--device", "cpu")).MustSucceed().Json;

        Assert.Equal("manifest", (string?)report["dataset"]!["format"]);
        Assert.Equal(20, (int)report["result"]!["count"]!);
    }

    [Fact]
    public async Task ABadPictureIsCountedAndTheOthersAreMeasured()
    {
        string data = Folder("pets");
        await File.WriteAllTextAsync(Path.Combine(data, "train", "bus", "bad.jpg"), "no picture", Token);
        CommandRun run = (await CommandRun.OfAsync("probe", data, "--C", "1", "--output", Output, "--device", "cpu")).MustSucceed();

        Assert.Contains("bad pictures", run.Output, StringComparison.Ordinal);
        EvaluationReport report = await ReportAsync();
        Assert.Equal("train/bus/bad.jpg", Assert.Single(report.Dataset.Faults.Listed).Name);
        Assert.Equal(40, report.Probe!.TrainCount);
    }

    [Fact]
    public async Task TheReportsCommandRepeatsIt()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The command is quoted for POSIX shells.");
        string data = Folder("it's $HOME");
        string[] args = ["zeroshot", data, "--template", "a \"picture\" of a {}.", "--device", "cpu", "--output", Output];
        (await CommandRun.OfAsync(args)).MustSucceed();
        EvaluationReport report = await ReportAsync();

        ProcessStartInfo shell = new("sh") { RedirectStandardOutput = true };
        shell.ArgumentList.Add("-c");
        shell.ArgumentList.Add($"clip() {{ printf '%s\\n' \"$@\"; }}; {report.Command}");
        using Process process = Process.Start(shell)!;
        string words = await process.StandardOutput.ReadToEndAsync(Token);
        Assert.Equal(args, words.TrimEnd('\n').Split('\n'));
    }

    [Theory]
    [InlineData("there is no such folder", "probe", "absent", "--C", "1")]
    [InlineData("there is nothing", "probe", "empty", "--C", "1")]
    [InlineData("at least two classes are needed", "probe", "single", "--C", "1")]
    [InlineData("classes that train lacks, such as 'test/c/1.jpg'", "probe", "untrained", "--C", "1")]
    [InlineData("there is no test split", "probe", "untested", "--C", "1")]
    [InlineData("no picture of the test split can be used", "zeroshot", "broken")]
    [InlineData("train is too small to take a validation split from", "probe", "small")]
    [InlineData("template 0 ('a picture')", "zeroshot", "small", "--template", "a picture")]
    [InlineData("nobody would ever say a.' has 32 tokens; model 'demo' reads 16", "zeroshot", "small", "--template", "a drawing of the letter a in a very long sentence that nobody would ever say {}.")]
    [InlineData("Class 'a' is not among the labels of label set 'cifar10'", "zeroshot", "small", "--label-set", "cifar10")]
    [InlineData("There is no model 'no-such-model'", "probe", "small", "--C", "1", "--model", "no-such-model")]
    [InlineData("'small/train/a/1.jpg'", "probe", "small", "--C", "1", "--output", "small/train/a/1.jpg")]
    public async Task WhatCannotBeMeasuredEndsWithOneAndSaysWhy(string message, string command, string dataset, params string[] rest)
    {
        byte[] picture = TestPictures.Jpeg(1);
        foreach (string name in (string[])
            [
                "single/train/a/1.jpg", "single/test/a/1.jpg",
                "untrained/train/a/1.jpg", "untrained/train/b/1.jpg", "untrained/test/a/1.jpg", "untrained/test/c/1.jpg",
                "untested/train/a/1.jpg", "untested/train/b/1.jpg",
                "small/train/a/1.jpg", "small/train/b/1.jpg", "small/test/a/1.jpg", "small/test/b/1.jpg",
            ])
        {
            Write(name, picture);
        }

        Write("broken/test/a/1.jpg", "no picture"u8.ToArray());
        Write("broken/test/b/1.jpg", "no picture"u8.ToArray());
        _folder.CreateSubdirectory("empty");
        string[] args = [.. rest.Select((word, i) => i > 0 && rest[i - 1] == "--output" ? Path.Combine(_folder.FullName, word) : word)];
        CommandRun run = await CommandRun.OfAsync([command, Path.Combine(_folder.FullName, dataset), .. args, "--offline", "--cache", Path.Combine(_folder.FullName, "cache"), "--device", "cpu"]);

        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.Contains(message, run.Error.Replace(_folder.FullName + Path.DirectorySeparatorChar, "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("clip: ", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
        Assert.Equal(dataset == "broken" || message.StartsWith("train is too small", StringComparison.Ordinal), run.Error.Contains(" pictures\n", StringComparison.Ordinal));
        Assert.Empty(run.Output);

        void Write(string name, byte[] content)
        {
            string path = Path.Combine(_folder.FullName, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }

    [Theory]
    [InlineData("--C is 0", "probe", "--C", "0")]
    [InlineData("--C is -1", "probe", "--C", "-1")]
    [InlineData("--C is NaN", "probe", "--C", "NaN")]
    [InlineData("'many'", "probe", "--C", "many")]
    [InlineData("either --C or --sweep", "probe", "--C", "1", "--sweep")]
    [InlineData("--validation-share is 1", "probe", "--validation-share", "1")]
    [InlineData("'parquet'", "probe", "--format", "parquet")]
    [InlineData("'--C'", "zeroshot", "--C", "1")]
    [InlineData("no label set file 'nowhere', and none of that name ships (cifar10, cifar100 do)", "zeroshot", "--label-set", "nowhere")]
    public async Task AWrongCommandLineEndsWithTwoBeforeAnythingIsRead(string message, string command, params string[] rest)
    {
        CommandRun run = await CommandRun.OfAsync([command, "/absent", .. rest]);
        Assert.Equal(ExitCodes.Usage, run.Code);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, (await CommandRun.OfAsync(command)).Code);
    }

    [Fact]
    public async Task ABadDataSetIsFoundBeforeTheModelIsSought()
    {
        CommandRun run = await CommandRun.OfAsync("probe", _folder.FullName, "--model", "no-such-model", "--offline");
        Assert.Equal(ExitCodes.Failure, run.Code);
        Assert.DoesNotContain("no-such-model", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("probe", "--C <C>", "--sweep", "--seed <SEED>", "--output <FOLDER>", "classifier.npz", "[default: demo]", "--json")]
    [InlineData("zeroshot", "--label-set <FILE|NAME>", "--template <TEMPLATE>", "--format <FORMAT>", "cifar10, cifar100")]
    public async Task HelpShowsTheOptionsAndExamples(string command, params string[] words)
    {
        CommandRun run = (await CommandRun.OfAsync(command, "--help")).MustSucceed();
        Assert.All(words, word => Assert.Contains(word, run.Output, StringComparison.Ordinal));
        Assert.Contains($"Examples:{Environment.NewLine}  clip {command} ", run.Output, StringComparison.Ordinal);
        Assert.Equal(command == "probe", run.Output.Contains("classifier.npz", StringComparison.Ordinal));
    }

    [Fact]
    public async Task CtrlCStopsItWithTheCodeOfShells()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no SIGINT to send.");
        string data = _folder.CreateSubdirectory("cifar-10-batches-bin").FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "batches.meta.txt"), "noise\nmore noise\n", Token);
        await File.WriteAllBytesAsync(Path.Combine(data, "data_batch_1.bin"), Noise(10_000), Token);
        await File.WriteAllBytesAsync(Path.Combine(data, "test_batch.bin"), Noise(100), Token);
        // A shell lets what it starts in the background ignore Ctrl-C, and whatever is started from there does so too.
        bool inBackground = IgnoresInterrupts();
        ProcessStartInfo start = new(inBackground ? "env" : "dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] program = inBackground ? ["--default-signal=INT", "dotnet"] : [];
        foreach (string argument in (string[])[.. program, Path.Combine(AppContext.BaseDirectory, "clip.dll"), "probe", data, "--C", "1", "--output", Output, "--device", "cpu"])
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start)!;
        try
        {
            string? line;
            do
            {
                line = await process.StandardError.ReadLineAsync(Token);
            }
            while (line?.EndsWith(" pictures", StringComparison.Ordinal) == false);

            Assert.NotNull(line);
            using Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            string rest = await process.StandardError.ReadToEndAsync(Token);
            Task exit = process.WaitForExitAsync(Token);
            int code = await Task.WhenAny(exit, Task.Delay(TimeSpan.FromSeconds(30), Token)) == exit ? process.ExitCode : Unavailable;
            Assert.Equal(ExitCodes.Cancelled, code);
            Assert.EndsWith("clip: Stopped.\n", rest, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(Output, "report.json")));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static bool IgnoresInterrupts()
    {
        const string Field = "SigIgn:";
        const ulong Interrupt = 1 << 1;
        string? line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line[Field.Length..].Trim(), 16) & Interrupt) != 0;
    }

    // Records of CIFAR-10: a label, 0 or 1 by turns, and 32 x 32 x 3 bytes.
    private static byte[] Noise(int records)
    {
        byte[] bytes = new byte[records * 3073];
        new Random(1).NextBytes(bytes);
        for (int i = 0; i < records; i++)
        {
            bytes[i * 3073] = (byte)(i % 2);
        }

        return bytes;
    }

    private string Folder(string name)
    {
        string path = Path.Combine(_folder.FullName, name);
        TestDatasets.WriteFolder(path, TestDatasets.SampledClasses, trainPerClass: 8, testPerClass: 4);
        return path;
    }

    private async Task<EvaluationReport> ReportAsync() =>
        EvaluationReportJson.Parse(await File.ReadAllBytesAsync(Path.Combine(Output, "report.json"), Token));
}
