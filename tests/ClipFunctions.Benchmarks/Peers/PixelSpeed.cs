using System.Globalization;
using ClipFunctions.Clip.Imaging;

namespace ClipFunctions.Benchmarks.Peers;

/// <summary>A JPEG's bytes to the model's tensor <c>[3, 224, 224]</c>, against Pillow with torchvision, and against sharp, which gives bytes.</summary>
internal static class PixelSpeed
{
    public static async Task RunAsync(PeerInputs inputs, PeerTable table, PeerProcess? openAi, PeerProcess? node)
    {
        foreach ((int width, int height, double aim, double? fastAim) in new[] { (640, 480, 2.0, (double?)null), (4000, 3000, 1.5, 5.0) })
        {
            string picture = inputs.At($"{width}x{height}.jpg");
            byte[] jpeg = PreprocessBenchmarks.PhotoLike(width, height);
            await File.WriteAllBytesAsync(picture, jpeg);
            foreach (int threads in new[] { 1, Environment.ProcessorCount }.Distinct())
            {
                await RowsAsync(picture, jpeg, $"JPEG {width}×{height} → tensor", threads, threads == 1 ? aim : null, threads == 1 ? fastAim : null);
            }
        }

        async Task RowsAsync(string picture, byte[] jpeg, string what, int threads, double? aim, double? fastAim)
        {
            // A mode is a line here: what it is called, its settings, what is asked of it.
            List<(string Mode, ImagePreprocessing Settings, double? Aim)> modes =
            [
                ("exact", ImagePreprocessing.OpenAi(224), aim),
                ("fast", ImagePreprocessing.OpenAi(224) with { Mode = PreprocessingMode.Fast }, fastAim),
            ];
            List<Side> sides = [];
            List<(byte[] Pixels, float[] Tensor)> results = [];
            foreach ((string mode, ImagePreprocessing settings, _) in modes)
            {
                ClipPreprocessor preprocessor = new(settings);
                (byte[] Pixels, float[] Tensor)[] buffers = [.. Enumerable.Range(0, threads).Select(_ => (new byte[preprocessor.PixelCount], new float[preprocessor.PixelCount]))];
                results.Add(buffers[0]);
                sides.Add(Side.Own(mode, threads == 1 ? () => One(0) : () => Parallel.For(0, threads, One)));

                void One(int thread)
                {
                    preprocessor.Preprocess(jpeg, buffers[thread].Pixels);
                    preprocessor.Normalize(buffers[thread].Pixels, buffers[thread].Tensor);
                }
            }

            (int openAiAt, int nodeAt) = (-1, -1);
            if (openAi is not null)
            {
                openAiAt = sides.Count;
                sides.Add(openAi.Side(new { kind = "pixels", picture, threads }));
            }

            if (node is not null)
            {
                nodeAt = sides.Count;
                sides.Add(node.Side(new { kind = "pixels", picture, threads }));
            }

            Times[] times = [.. (await SideBySide.MeasureAsync(sides)).Select(time => time.Over(threads))];
            string suffix = threads == 1 ? "one thread" : string.Create(CultureInfo.InvariantCulture, $"{threads} threads, time for each picture");
            byte[]? openAiTensor = openAi is null ? null : await openAi.ResultAsync();
            byte[]? nodePixels = node is null ? null : await node.ResultAsync();
            for (int i = 0; i < modes.Count; i++)
            {
                string name = $"{what}, {modes[i].Mode}, {suffix}";
                table.Add(name, times[i], "Pillow + torchvision", openAiAt < 0 ? null : times[openAiAt], modes[i].Aim, openAiTensor is null ? "" : Agreement.OfTensors(results[i].Tensor, openAiTensor));
                table.Add(name, times[i], "sharp (decoder shrinks; to bytes only)", nodeAt < 0 ? null : times[nodeAt], null, nodePixels is null ? "" : Agreement.OfPixels(results[i].Pixels, nodePixels));
            }
        }
    }
}
