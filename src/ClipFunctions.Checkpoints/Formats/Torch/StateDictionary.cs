namespace ClipFunctions.Checkpoints.Formats.Torch;

/// <summary>Finds the tensors of a model in what a pickle holds, by the names of its state dict.</summary>
internal static class StateDictionary
{
    // Training scripts keep the state dict under one of these, beside the epoch, the optimizer and the like.
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "model"];
    private const int MaximumWrappers = 4;

    // DistributedDataParallel puts it before every name.
    private const string ParallelPrefix = "module.";

    private const int DeepestModule = 64;
    private const int LongestName = 1000;
    private const int MostTensors = 100_000;

    /// <summary>Gives each tensor its name.</summary>
    /// <param name="root">The pickle's value: a state dict, one that is wrapped, or the module of a TorchScript archive.</param>
    /// <param name="keepPrefix">Whether a <c>module.</c> before all names stays.</param>
    /// <param name="budget">How many characters the names may have together: the pickle's length, for each name is in it.</param>
    /// <param name="source">The file, for errors.</param>
    /// <exception cref="InvalidCheckpointException">There are none, or a name is there twice.</exception>
    public static Dictionary<string, TensorReference> Find(object? root, bool keepPrefix, long budget, string source)
    {
        Dictionary<string, TensorReference> tensors = new(StringComparer.Ordinal);
        if (root is TorchScriptObject module)
        {
            AddModule(tensors, module, budget, source);
        }
        else if (Unwrap(root) is { } dictionary)
        {
            foreach ((object? key, object? value) in dictionary.Items)
            {
                if (value is TensorReference tensor)
                {
                    Add(tensors, key as string ?? throw new InvalidCheckpointException(source, null, "a tensor of the state dict has a key that is no string."), tensor, source);
                }
            }
        }

        if (tensors.Count == 0)
        {
            throw new InvalidCheckpointException(source, null, $"holds no tensors by name: expected a state dict, one under {string.Join(", ", Wrappers)}, or a TorchScript module; found {Describe(root)}.");
        }

        return keepPrefix || !tensors.Keys.All(name => name.StartsWith(ParallelPrefix, StringComparison.Ordinal))
            ? tensors
            : tensors.ToDictionary(pair => pair.Key[ParallelPrefix.Length..], pair => pair.Value, StringComparer.Ordinal);
    }

    private static PickleDictionary? Unwrap(object? root)
    {
        PickleDictionary? dictionary = root as PickleDictionary;
        for (int level = 0; level < MaximumWrappers && dictionary is not null; level++)
        {
            PickleDictionary? inner = Wrappers
                .Select(wrapper => dictionary.Items.FirstOrDefault(item => item.Key is string key && key == wrapper).Value)
                .OfType<PickleDictionary>()
                .FirstOrDefault();
            if (inner is null)
            {
                break;
            }

            dictionary = inner;
        }

        return dictionary;
    }

    private static void AddModule(Dictionary<string, TensorReference> tensors, TorchScriptObject root, long budget, string source)
    {
        // Modules may be shared and may even contain themselves; the budget ends what would not end.
        Stack<(TorchScriptObject Module, string Prefix, int Depth)> open = new([(root, "", 0)]);
        while (open.TryPop(out (TorchScriptObject Module, string Prefix, int Depth) current))
        {
            if (current.Depth > DeepestModule)
            {
                throw new InvalidCheckpointException(source, current.Prefix, $"modules are nested deeper than {DeepestModule}.");
            }

            foreach ((object? key, object? value) in current.Module.Attributes?.Items ?? [])
            {
                budget--;
                if (key is string attribute && value is TensorReference or TorchScriptObject)
                {
                    budget -= attribute.Length + (long)current.Prefix.Length;
                    if (budget < 0)
                    {
                        throw new InvalidCheckpointException(source, current.Prefix, "the modules hold one another so often that their names take more room than the pickle.");
                    }

                    string name = current.Prefix + attribute;
                    if (value is TensorReference tensor)
                    {
                        Add(tensors, name, tensor, source);
                    }
                    else
                    {
                        open.Push(((TorchScriptObject)value, $"{name}.", current.Depth + 1));
                    }
                }
            }
        }
    }

    private static void Add(Dictionary<string, TensorReference> tensors, string name, TensorReference tensor, string source)
    {
        if (name.Length > LongestName)
        {
            throw new InvalidCheckpointException(source, name, $"a name of {name.Length} characters; {LongestName} are allowed.");
        }

        if (tensors.Count == MostTensors)
        {
            throw new InvalidCheckpointException(source, null, $"more than {MostTensors} tensors.");
        }

        if (!tensors.TryAdd(name, tensor))
        {
            throw new InvalidCheckpointException(source, name, "is there twice.");
        }
    }

    private static string Describe(object? root) => root switch
    {
        PickleDictionary dictionary => $"a dict with the keys {string.Join(", ", dictionary.Items.Take(8).Select(item => item.Key is string key ? key[..Math.Min(key.Length, 40)] : "?"))}",
        List<object?> => "a list",
        object?[] => "a tuple",
        TensorReference => "a tensor without a name",
        TorchScriptObject => "a TorchScript module without tensors",
        _ => "a plain value",
    };
}
