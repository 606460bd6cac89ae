using System.Text.Json.Nodes;

namespace ClipFunctions.Cli.Tests;

/// <summary>What a command line printed and ended with.</summary>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    /// <summary>The output as JSON: there must be nothing else in it.</summary>
    public JsonNode Json => JsonNode.Parse(Output)!;

    public static async Task<CommandRun> OfAsync(params string[] args)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = await ClipCommandLine.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    public CommandRun MustSucceed()
    {
        Assert.True(Code == 0, $"Code {Code}: {Error}\n{Output}");
        return this;
    }
}
