using System.Globalization;
using ClipFunctions.Clip.Tokenization;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>Captions to token ids on one thread; each side has seen the same captions before, so that its cache of words is warm.</summary>
internal static class TokenSpeed
{
    private const int Count = 5000;
    private const double Aim = 50;

    public static async Task RunAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi, PeerProcess? node)
    {
        string path = inputs.At("captions.txt");
        string[] captions = Captions.Make(PeerInputs.Vocabulary, Count);
        await File.WriteAllTextAsync(path, string.Join('\n', captions));
        ClipTokenizer tokenizer = ClipTokenizer.Load(PeerInputs.Vocabulary);
        TokenBatch? tokens = null;
        List<Side> sides = [Side.Own("this code", () => tokens = tokenizer.Tokenize(captions, truncate: true))];
        if (openAi is not null)
        {
            sides.Add(openAi.Side(new { kind = "tokens", captions = path }));
        }

        if (node is not null)
        {
            string folder = inputs.At("clip-vit-base-patch32");
            HuggingFaceFolder.Write(folder, PeerInputs.Vocabulary);
            sides.Add(node.Side(new { kind = "tokens", model = folder, captions = path }));
        }

        Times[] times = [.. (await SideBySide.MeasureAsync(sides)).Select(time => time.Over(Count))];
        byte[]? openAiTokens = openAi is null ? null : await openAi.ResultAsync();
        byte[]? nodeTokens = node is null ? null : await node.ResultAsync();
        int words = captions.SelectMany(text => text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct().Count();
        double mean = captions.Average(text => tokenizer.Encode(text).Count + 2);
        string what = string.Create(CultureInfo.InvariantCulture, $"tokenize, a mixed caption ({words:N0} different words in {Count:N0} captions of {mean:F0} tokens in the mean), one thread");
        table.Add(what, times[0], "openai/CLIP, cache warm", openAi is null ? null : times[1], Aim, openAiTokens is null ? "" : Agreement.OfTokens(tokens!.Ids.Span, openAiTokens));
        table.Add(what, times[0], "transformers.js", node is null ? null : times[^1], null, nodeTokens is null ? "" : Agreement.OfTokens(tokens!.Ids.Span, nodeTokens));
    }
}
