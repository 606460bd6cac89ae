using System.Buffers;
using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Layouts;

/// <summary>
/// A checkpoint seen in openai's naming: tensors renamed, stacked, transposed and squeezed by the rules of its own layout, nothing copied.
/// Tensors that no rule knows keep their names, so that they can be told.
/// </summary>
internal sealed class CanonicalCheckpoint : ICheckpoint
{
    private readonly ICheckpoint _source;
    private readonly Dictionary<string, Part[]> _parts = new(StringComparer.Ordinal);
    private readonly ILookup<string, LayoutRule> _byCanonical;

    /// <summary>Applies rules to a checkpoint, which stays the caller's to dispose of.</summary>
    /// <exception cref="InvalidCheckpointException">A tensor that is stacked of several lacks one, or they do not fit together.</exception>
    public CanonicalCheckpoint(ICheckpoint source, IReadOnlyList<LayoutRule> rules, Func<string, bool> isIgnored)
    {
        _source = source;
        _byCanonical = rules.ToLookup(rule => rule.Canonical, StringComparer.Ordinal);
        Dictionary<string, LayoutRule> bySource = rules.ToDictionary(rule => rule.Source, StringComparer.Ordinal);
        Dictionary<string, SortedDictionary<int, Part>> collected = new(StringComparer.Ordinal);
        Dictionary<string, TensorInfo> tensors = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in source.Tensors.Values)
        {
            if (isIgnored(tensor.Name))
            {
                continue;
            }

            (string template, string? number) = Template(tensor.Name);
            if (!bySource.TryGetValue(template, out LayoutRule? rule))
            {
                tensors[tensor.Name] = tensor;
                _parts[tensor.Name] = [new Part(tensor, new LayoutRule(tensor.Name, tensor.Name))];
                continue;
            }

            string canonical = Fill(rule.Canonical, number);
            if (!collected.TryGetValue(canonical, out SortedDictionary<int, Part>? parts))
            {
                collected.Add(canonical, parts = []);
            }

            if (!parts.TryAdd(rule.Part, new Part(tensor, rule)))
            {
                throw new InvalidCheckpointException(Name, tensor.Name, $"is there beside {parts[rule.Part].Tensor.Name}, which means the same.");
            }
        }

        foreach ((string canonical, SortedDictionary<int, Part> parts) in collected)
        {
            if (!tensors.TryAdd(canonical, Join(canonical, [.. parts.Values])))
            {
                throw new InvalidCheckpointException(Name, canonical, $"is there beside {parts.Values.First().Tensor.Name}, which means the same.");
            }

            _parts[canonical] = [.. parts.Values];
        }

        Tensors = tensors;
    }

    /// <inheritdoc/>
    public string Name => _source.Name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>What a tensor is called in the checkpoint itself, whether it is there or not; several names where it is stacked.</summary>
    public string SourceName(string canonical)
    {
        if (_parts.TryGetValue(canonical, out Part[]? parts))
        {
            return string.Join(", ", parts.Select(part => part.Tensor.Name));
        }

        (string template, string? number) = Template(canonical);
        LayoutRule[] rules = [.. _byCanonical[template].OrderBy(rule => rule.Part)];
        return rules.Length == 0 ? canonical : string.Join(", ", rules.Select(rule => Fill(rule.Source, number)));
    }

    /// <summary>The error of a tensor whose shape is not the expected one, in the checkpoint's own names and shapes.</summary>
    public InvalidCheckpointException WrongShape(string canonical, long[] expected)
    {
        Part[] parts = _parts[canonical];
        foreach (Part part in parts)
        {
            long[] wanted = part.Rule.SourceShape(expected);
            long[] found = part.Rule.Squeezed ? Squeeze(part.Tensor.Shape) : [.. part.Tensor.Shape];
            if (!found.SequenceEqual(wanted))
            {
                return new InvalidCheckpointException(Name, part.Tensor.Name, $"expected {Text(wanted)}, found {Text(part.Tensor.Shape)}.");
            }
        }

        return new InvalidCheckpointException(Name, SourceName(canonical), $"expected {Text(expected)}, found {Text(Tensors[canonical].Shape)}.");
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.Count - start);
        foreach (Part part in _parts[tensor.Name])
        {
            if (destination.IsEmpty)
            {
                return;
            }

            if (start >= part.Tensor.Count)
            {
                start -= part.Tensor.Count;
                continue;
            }

            int count = (int)Math.Min(destination.Length, part.Tensor.Count - start);
            if (part.Rule.Transposed)
            {
                ReadTransposed(part.Tensor, start, destination[..count]);
            }
            else
            {
                _source.Read(part.Tensor, start, destination[..count]);
            }

            destination = destination[count..];
            start = 0;
        }
    }

    /// <summary>Does nothing: the checkpoint belongs to whoever opened it.</summary>
    public void Dispose()
    {
    }

    internal static string Text(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";

    // The first segment that is a number alone is the block's.
    private static (string Template, string? Number) Template(string name)
    {
        string[] segments = name.Split('.');
        for (int i = 0; i < segments.Length; i++)
        {
            if (segments[i].Length is > 0 and < 6 && segments[i].All(char.IsAsciiDigit) && (segments[i].Length == 1 || segments[i][0] != '0'))
            {
                string number = segments[i];
                segments[i] = "{i}";
                return (string.Join('.', segments), number);
            }
        }

        return (name, null);
    }

    private static string Fill(string template, string? number) => number is null ? template : template.Replace("{i}", number, StringComparison.Ordinal);

    private static long[] Squeeze(IReadOnlyList<long> shape) => [.. shape.SkipWhile(dimension => dimension == 1)];

    private TensorInfo Join(string canonical, Part[] parts)
    {
        LayoutRule rule = parts[0].Rule;
        int shares = parts.Sum(part => part.Rule.Share);
        if (shares != rule.Shares)
        {
            (_, string? number) = Template(canonical);
            string[] missing = [.. _byCanonical[rule.Canonical].Select(wanted => Fill(wanted.Source, number)).Except(parts.Select(part => part.Tensor.Name))];
            throw new InvalidCheckpointException(Name, missing.Length > 0 ? missing[0] : canonical, $"is missing, though {parts[0].Tensor.Name} is there.");
        }

        long[]? joined = null;
        TensorType type = parts[0].Tensor.Type;
        foreach (Part part in parts)
        {
            long[] shape = part.Rule.Squeezed ? Squeeze(part.Tensor.Shape) : [.. part.Tensor.Shape];
            if (part.Rule.Transposed)
            {
                if (shape.Length != 2)
                {
                    throw new InvalidCheckpointException(Name, part.Tensor.Name, $"expected 2 dimensions, found {Text(part.Tensor.Shape)}.");
                }

                shape = [shape[1], shape[0]];
            }

            if (joined is null)
            {
                joined = shape;
            }
            else if (joined.Length == 0 || shape.Length != joined.Length || !shape.AsSpan(1).SequenceEqual(joined.AsSpan(1)))
            {
                throw new InvalidCheckpointException(Name, part.Tensor.Name, $"{Text(part.Tensor.Shape)} does not fit {parts[0].Tensor.Name}, which is {Text(parts[0].Tensor.Shape)}.");
            }
            else
            {
                joined[0] += shape[0];
            }

            if (part.Tensor.Type != type)
            {
                type = IsFloat(type) && IsFloat(part.Tensor.Type) ? TensorType.F32 : IsFloat(type) ? part.Tensor.Type : type;
            }
        }

        return new TensorInfo(canonical, type, joined!);
    }

    private static bool IsFloat(TensorType type) => type is TensorType.F16 or TensorType.BF16 or TensorType.F32 or TensorType.F64;

    // The matrices that need it are the projections, a few MB at most.
    private void ReadTransposed(TensorInfo tensor, long start, Span<float> destination)
    {
        int rows = (int)tensor.Shape[1];
        int columns = (int)tensor.Shape[0];
        int length = checked((int)tensor.Count);
        float[] all = ArrayPool<float>.Shared.Rent(length);
        try
        {
            _source.Read(tensor, 0, all.AsSpan(0, length));
            (int row, int column) = ((int)(start / columns), (int)(start % columns));
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = all[(column * rows) + row];
                if (++column == columns)
                {
                    (row, column) = (row + 1, 0);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(all);
        }
    }

    private readonly record struct Part(TensorInfo Tensor, LayoutRule Rule);
}
