using System.CommandLine;
using Azure;
using Azure.Identity;
using ClipFunctions.Checkpoints;
using ClipFunctions.Cli.Commands;
using ClipFunctions.Cli.Console;
using ClipFunctions.Clip.Bundles;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.Tokenization;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Datasets;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.ModelCaching.Downloads;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Poison;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Cli;

/// <summary>The <c>clip</c> command.</summary>
internal static class ClipCommandLine
{
    private static readonly string[] Examples =
    [
        "clip models --all",
        "clip pull ViT-B/32",
        "clip classify cat.jpg --labels \"a cat,a dog\" --model ViT-B/32",
        "clip convert open_clip_model.safetensors --id my-clip --precision int8",
    ];

    // The messages name the hosts' settings.
    private static readonly Dictionary<DownloadFault, string> Hints = new()
    {
        [DownloadFault.LicenceNotAccepted] = "On the command line: clip pull MODEL --accept-licence LICENCE.",
        [DownloadFault.Offline] = "On the command line: without --offline, and without CLIP_OFFLINE.",
        [DownloadFault.AccessDenied] = "On the command line the token is read from HF_TOKEN.",
    };

    /// <summary>Runs a command line.</summary>
    /// <param name="args">Its words.</param>
    /// <param name="output">Tables and JSON go here.</param>
    /// <param name="error">Progress and errors go here.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        GlobalOptions globals = new();
        RootCommand root = new("CLIP models without Python: fetch, convert, inspect and run them.");
        globals.AddTo(root);
        Dictionary<Command, string[]> examples = new() { [root] = Examples };
        ExampleHelpAction.Install(root, examples);
        Terminal terminal = new(output, error);
        foreach (Command command in (Command[])
            [
                ModelsCommand.Create(globals, terminal, examples),
                PullCommand.Create(globals, terminal, examples),
                ConvertCommand.Create(globals, terminal, examples),
                InspectCommand.Create(globals, terminal, examples),
                TokenizeCommand.Create(globals, terminal, examples),
                EmbedCommand.Create(globals, terminal, examples),
                ClassifyCommand.Create(globals, terminal, examples),
                EvaluateCommand.CreateProbe(globals, terminal, examples),
                EvaluateCommand.CreateZeroShot(globals, terminal, examples),
                VerifyCommand.Create(globals, terminal, examples),
                RetagCommand.Create(globals, terminal, examples),
                PoisonCommand.Create(globals, terminal, examples),
            ])
        {
            root.Add(command);
        }

        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (System.CommandLine.Parsing.ParseError problem in parsed.Errors)
            {
                terminal.Error(problem.Message);
            }

            terminal.Note("Try: clip --help");
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            terminal.Error("Stopped.");
            return ExitCodes.Cancelled;
        }
        catch (UsageException exception)
        {
            terminal.Error(exception.Message);
            return ExitCodes.Usage;
        }
        catch (Exception exception) when (IsExpected(exception))
        {
            // Storage's messages go on with all headers.
            terminal.Error(exception is RequestFailedException or AggregateException ? exception.Message.Split('\n', 2)[0].Trim() : exception.Message);
            if (exception is ModelDownloadException { Fault: var fault } && Hints.TryGetValue(fault, out string? hint))
            {
                terminal.Note(hint);
            }

            return ExitCodes.Failure;
        }
    }

    // What tells of its own what was wrong and where; anything else is a fault of ours and shows its stack.
    private static bool IsExpected(Exception exception) => exception
        is InvalidCheckpointException
        or InvalidBundleException
        or InvalidVocabularyException
        or InvalidLabelSetException
        or TextTooLongException
        or UnknownModelException
        or InvalidDatasetException
        or InvalidEvaluationException
        or ModelDownloadException
        or InvalidCatalogException
        or DeviceUnavailableException
        or InvalidSettingException
        or OptionsValidationException
        or ModelNotFoundException
        or PoisonReplayException
        or RequestFailedException
        or AggregateException { InnerException: RequestFailedException }
        or AuthenticationFailedException
        or IOException
        or UnauthorizedAccessException
        or FormatException
        or ArgumentException;
}
