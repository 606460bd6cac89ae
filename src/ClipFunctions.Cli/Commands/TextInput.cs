namespace ClipFunctions.Cli.Commands;

/// <summary>Texts from the command line or from standard input.</summary>
internal static class TextInput
{
    public static async Task<IReadOnlyList<string>> ReadAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        if (texts is not ["-"])
        {
            return texts;
        }

        List<string> lines = [];
        while (await System.Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            lines.Add(line);
        }

        return lines.Count > 0 ? lines : throw new UsageException("Standard input holds no line.");
    }
}
