namespace ClipFunctions.Checkpoints.Tests;

/// <summary>
/// CLIP as openai/CLIP's model.py writes it, slow and plain: double precision, every position of every block, padding and all.
/// The graphs, which take shortcuts, must agree with it.
/// </summary>
internal sealed class PlainClip(SyntheticModel model)
{
    private static readonly double[] Mean = [0.48145466f, 0.4578275f, 0.40821073f];
    private static readonly double[] Std = [0.26862954f, 0.26130258f, 0.27577711f];

    public bool ErfGelu { get; init; }

    public bool TanhGelu { get; init; }

    public int HeadWidth { get; init; } = 64;

    public double Epsilon { get; init; } = 1e-5;

    public bool IsSiglip => model.Tensors.ContainsKey("visual.attn_pool.probe");

    public double[] EncodeImage(byte[] pixels)
    {
        int size = (int)Math.Sqrt(pixels.Length / 3);
        double[][,] planes = new double[3][,];
        for (int c = 0; c < 3; c++)
        {
            planes[c] = new double[size, size];
            for (int y = 0; y < size; y++)
            {
                for (int x = 0; x < size; x++)
                {
                    double value = pixels[(((y * size) + x) * 3) + c] / 255.0;
                    planes[c][y, x] = IsSiglip ? (value - 0.5) / 0.5 : (value - Mean[c]) / Std[c];
                }
            }
        }

        return IsSiglip ? Siglip(planes) : model.Tensors.ContainsKey("visual.proj") ? Transformer(planes) : ResNet(planes);
    }

    public double[] EncodeText(int[] row)
    {
        double[][] x = [.. row.Select((token, i) => Sum(Row("token_embedding.weight", token), Row("positional_embedding", i)))];
        x = Blocks("transformer", x, causal: !IsSiglip);
        double[] pooled = Norm("ln_final", IsSiglip ? x[^1] : x[Array.IndexOf(row, row.Max())]);
        double[] projected = Project(pooled, "text_projection");
        return IsSiglip ? Sum(projected, Values("text_projection.bias")) : projected;
    }

    // Hugging Face's SiglipVisionTransformer with its SiglipMultiheadAttentionPoolingHead.
    private double[] Siglip(double[][,] planes)
    {
        double[] bias = Values("visual.conv1.bias");
        double[][] x = [.. Patches(planes).Select((token, i) => Sum(Sum(token, bias), Row("visual.positional_embedding", i)))];
        x = [.. Blocks("visual.transformer", x, causal: false).Select(token => Norm("visual.ln_post", token))];
        int width = bias.Length;
        double[] weight = Values("visual.attn_pool.in_proj_weight");
        double[] inBias = Values("visual.attn_pool.in_proj_bias");
        double[] Part(double[] token, int part) => Linear(weight[(part * width * width)..((part + 1) * width * width)], inBias[(part * width)..((part + 1) * width)], token);
        double[] attended = Attend([Part(Values("visual.attn_pool.probe"), 0)], [.. x.Select(token => Part(token, 1))], [.. x.Select(token => Part(token, 2))], width / HeadWidth, causal: false)[0];
        double[] pooled = Linear("visual.attn_pool.out_proj", attended);
        return Sum(pooled, Linear("visual.attn_pool.mlp.c_proj", [.. Linear("visual.attn_pool.mlp.c_fc", Norm("visual.attn_pool.ln", pooled)).Select(Activate)]));
    }

    private double[] Transformer(double[][,] planes)
    {
        List<double[]> x = [Sum(Values("visual.class_embedding"), Row("visual.positional_embedding", 0))];
        foreach (double[] token in Patches(planes))
        {
            x.Add(Sum(token, Row("visual.positional_embedding", x.Count)));
        }

        double[][] rows = Blocks("visual.transformer", [.. x.Select(token => Norm("visual.ln_pre", token))], causal: false);
        return Project(Norm("visual.ln_post", rows[0]), "visual.proj");
    }

    private List<double[]> Patches(double[][,] planes)
    {
        (long[] shape, float[] kernels) = model.Tensors["visual.conv1.weight"];
        int width = (int)shape[0];
        int patch = (int)shape[2];
        int grid = planes[0].GetLength(0) / patch;
        List<double[]> tokens = [];
        for (int gy = 0; gy < grid; gy++)
        {
            for (int gx = 0; gx < grid; gx++)
            {
                double[] token = new double[width];
                for (int o = 0; o < width; o++)
                {
                    for (int c = 0; c < 3; c++)
                    {
                        for (int y = 0; y < patch; y++)
                        {
                            for (int dx = 0; dx < patch; dx++)
                            {
                                token[o] += kernels[(((((o * 3) + c) * patch) + y) * patch) + dx] * planes[c][(gy * patch) + y, (gx * patch) + dx];
                            }
                        }
                    }
                }

                tokens.Add(token);
            }
        }

        return tokens;
    }

    private double[] ResNet(double[][,] x)
    {
        x = Relu(BatchNorm("visual.bn1", Convolve("visual.conv1", x, 2)));
        x = Relu(BatchNorm("visual.bn2", Convolve("visual.conv2", x, 1)));
        x = Pool(Relu(BatchNorm("visual.bn3", Convolve("visual.conv3", x, 1))));
        for (int stage = 1; stage <= 4; stage++)
        {
            for (int block = 0; model.Tensors.ContainsKey($"visual.layer{stage}.{block}.conv1.weight"); block++)
            {
                string name = $"visual.layer{stage}.{block}";
                bool halve = stage > 1 && block == 0;
                double[][,] y = Relu(BatchNorm($"{name}.bn1", Convolve($"{name}.conv1", x, 1)));
                y = Relu(BatchNorm($"{name}.bn2", Convolve($"{name}.conv2", y, 1)));
                y = BatchNorm($"{name}.bn3", Convolve($"{name}.conv3", halve ? Pool(y) : y, 1));
                if (model.Tensors.ContainsKey($"{name}.downsample.0.weight"))
                {
                    x = BatchNorm($"{name}.downsample.1", Convolve($"{name}.downsample.0", halve ? Pool(x) : x, 1));
                }

                x = Relu([.. y.Select((plane, c) => Map(plane, x[c], (a, b) => a + b))]);
            }
        }

        int side = x[0].GetLength(0);
        int width = x.Length;
        List<double[]> positions = [new double[width]];
        for (int at = 0; at < side * side; at++)
        {
            positions.Add([.. x.Select(plane => plane[at / side, at % side])]);
            positions[0] = Sum(positions[0], positions[^1]);
        }

        positions[0] = [.. positions[0].Select(value => value / (side * side))];
        double[][] tokens = [.. positions.Select((token, i) => Sum(token, Row("visual.attnpool.positional_embedding", i)))];
        double[][] q = [Linear("visual.attnpool.q_proj", tokens[0])];
        double[][] k = [.. tokens.Select(token => Linear("visual.attnpool.k_proj", token))];
        double[][] v = [.. tokens.Select(token => Linear("visual.attnpool.v_proj", token))];
        return Linear("visual.attnpool.c_proj", Attend(q, k, v, width / 64, causal: false)[0]);
    }

    private double[][] Blocks(string prefix, double[][] x, bool causal)
    {
        int width = x[0].Length;
        for (int i = 0; model.Tensors.ContainsKey($"{prefix}.resblocks.{i}.ln_1.weight"); i++)
        {
            string block = $"{prefix}.resblocks.{i}";
            double[][] projected = [.. x.Select(token => Linear(Values($"{block}.attn.in_proj_weight"), Values($"{block}.attn.in_proj_bias"), Norm($"{block}.ln_1", token)))];
            double[][] attended = Attend(
                [.. projected.Select(p => p[..width])],
                [.. projected.Select(p => p[width..(2 * width)])],
                [.. projected.Select(p => p[(2 * width)..])],
                width / HeadWidth,
                causal);
            x = [.. x.Select((token, t) => Sum(token, Linear($"{block}.attn.out_proj", attended[t])))];
            x = [.. x.Select(token => Sum(token, Linear($"{block}.mlp.c_proj", [.. Linear($"{block}.mlp.c_fc", Norm($"{block}.ln_2", token)).Select(Activate)])))];
        }

        return x;
    }

    private static double[][] Attend(double[][] q, double[][] k, double[][] v, int heads, bool causal)
    {
        int width = q[0].Length;
        int each = width / heads;
        double[][] result = [.. q.Select(_ => new double[width])];
        for (int head = 0; head < heads; head++)
        {
            for (int i = 0; i < q.Length; i++)
            {
                int seen = causal ? i + 1 : k.Length;
                double[] weights = new double[seen];
                for (int j = 0; j < seen; j++)
                {
                    for (int d = head * each; d < (head + 1) * each; d++)
                    {
                        weights[j] += q[i][d] * k[j][d] / Math.Sqrt(each);
                    }
                }

                double most = weights.Max();
                weights = [.. weights.Select(weight => Math.Exp(weight - most))];
                double total = weights.Sum();
                for (int j = 0; j < seen; j++)
                {
                    for (int d = head * each; d < (head + 1) * each; d++)
                    {
                        result[i][d] += weights[j] / total * v[j][d];
                    }
                }
            }
        }

        return result;
    }

    private double Activate(double x) => TanhGelu ? 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))) : ErfGelu ? 0.5 * x * (1 + Erf(x / Math.Sqrt(2))) : x / (1 + Math.Exp(-1.702 * x));

    // The series, good to double precision for the moderate arguments of these models.
    private static double Erf(double x)
    {
        if (Math.Abs(x) > 6)
        {
            return Math.Sign(x);
        }

        double sum = x;
        double term = x;
        for (int n = 1; n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }

    private double[] Norm(string name, double[] x)
    {
        double mean = x.Average();
        double variance = x.Select(value => (value - mean) * (value - mean)).Average();
        double[] weight = Values($"{name}.weight");
        double[] bias = Values($"{name}.bias");
        return [.. x.Select((value, i) => ((value - mean) / Math.Sqrt(variance + Epsilon) * weight[i]) + bias[i])];
    }

    private double[] Linear(string name, double[] x) => Linear(Values($"{name}.weight"), Values($"{name}.bias"), x);

    private static double[] Linear(double[] weight, double[] bias, double[] x)
    {
        double[] result = [.. bias];
        for (int o = 0; o < result.Length; o++)
        {
            for (int i = 0; i < x.Length; i++)
            {
                result[o] += weight[(o * x.Length) + i] * x[i];
            }
        }

        return result;
    }

    private double[] Project(double[] x, string name)
    {
        (long[] shape, float[] values) = model.Tensors[name];
        double[] result = new double[shape[1]];
        for (int i = 0; i < x.Length; i++)
        {
            for (int o = 0; o < result.Length; o++)
            {
                result[o] += x[i] * values[(i * result.Length) + o];
            }
        }

        return result;
    }

    private double[][,] Convolve(string name, double[][,] x, int stride)
    {
        (long[] shape, float[] kernels) = model.Tensors[$"{name}.weight"];
        int kernel = (int)shape[2];
        int padding = kernel / 2;
        int size = x[0].GetLength(0);
        int outSize = ((size + (2 * padding) - kernel) / stride) + 1;
        double[][,] result = new double[shape[0]][,];
        for (int o = 0; o < result.Length; o++)
        {
            result[o] = new double[outSize, outSize];
            for (int y = 0; y < outSize; y++)
            {
                for (int column = 0; column < outSize; column++)
                {
                    double sum = 0;
                    for (int c = 0; c < x.Length; c++)
                    {
                        for (int ky = 0; ky < kernel; ky++)
                        {
                            for (int kx = 0; kx < kernel; kx++)
                            {
                                int sy = (y * stride) + ky - padding;
                                int sx = (column * stride) + kx - padding;
                                if (sy >= 0 && sx >= 0 && sy < size && sx < size)
                                {
                                    sum += kernels[(((((o * x.Length) + c) * kernel) + ky) * kernel) + kx] * x[c][sy, sx];
                                }
                            }
                        }
                    }

                    result[o][y, column] = sum;
                }
            }
        }

        return result;
    }

    private double[][,] BatchNorm(string name, double[][,] x)
    {
        double[] weight = Values($"{name}.weight");
        double[] bias = Values($"{name}.bias");
        double[] mean = Values($"{name}.running_mean");
        double[] variance = Values($"{name}.running_var");
        return [.. x.Select((plane, c) => Map(plane, plane, (value, _) => ((value - mean[c]) / Math.Sqrt(variance[c] + 1e-5) * weight[c]) + bias[c]))];
    }

    private static double[][,] Relu(double[][,] x) => [.. x.Select(plane => Map(plane, plane, (value, _) => Math.Max(value, 0)))];

    private static double[][,] Pool(double[][,] x) => [.. x.Select(plane =>
    {
        double[,] result = new double[plane.GetLength(0) / 2, plane.GetLength(1) / 2];
        for (int y = 0; y < result.GetLength(0); y++)
        {
            for (int column = 0; column < result.GetLength(1); column++)
            {
                result[y, column] = (plane[2 * y, 2 * column] + plane[2 * y, (2 * column) + 1] + plane[(2 * y) + 1, 2 * column] + plane[(2 * y) + 1, (2 * column) + 1]) / 4;
            }
        }

        return result;
    })];

    private static double[,] Map(double[,] a, double[,] b, Func<double, double, double> function)
    {
        double[,] result = new double[a.GetLength(0), a.GetLength(1)];
        for (int y = 0; y < result.GetLength(0); y++)
        {
            for (int x = 0; x < result.GetLength(1); x++)
            {
                result[y, x] = function(a[y, x], b[y, x]);
            }
        }

        return result;
    }

    private static double[] Sum(double[] a, double[] b) => [.. a.Select((value, i) => value + b[i])];

    private double[] Values(string name) => [.. model.Tensors[name].Values.Select(value => (double)value)];

    private double[] Row(string name, int row)
    {
        (long[] shape, float[] values) = model.Tensors[name];
        int width = (int)shape[1];
        return [.. values.AsSpan(row * width, width).ToArray().Select(value => (double)value)];
    }
}
