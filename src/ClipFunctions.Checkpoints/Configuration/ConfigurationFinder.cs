using ClipFunctions.Checkpoints.Formats;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>Finds and reads the configuration that belongs to a checkpoint.</summary>
internal static class ConfigurationFinder
{
    private const string OpenClipFile = "open_clip_config.json";
    private const string HuggingFaceFile = "config.json";
    private const string PreprocessorFile = "preprocessor_config.json";

    /// <summary>Reads the named configuration, or the one beside the checkpoint that is of its naming's kind.</summary>
    /// <param name="checkpoint">The checkpoint: repositories hold both kinds of configuration, each for its own file of weights.</param>
    /// <param name="folder">The folder beside it.</param>
    /// <param name="named">The file to read; null to look for it.</param>
    /// <exception cref="InvalidCheckpointException">It is broken, of another kind than the checkpoint, or the naming needs one and there is none.</exception>
    public static ModelConfiguration Find(ICheckpoint checkpoint, string folder, string? named)
    {
        bool huggingFace = checkpoint.Tensors.Keys.Any(name => name.StartsWith("vision_model.", StringComparison.Ordinal));
        if (named is not null && !File.Exists(named))
        {
            throw new InvalidCheckpointException(named, null, "there is no such configuration.");
        }

        if (huggingFace)
        {
            string file = named ?? Path.Combine(folder, HuggingFaceFile);
            return File.Exists(file)
                ? HuggingFaceConfiguration.Load(file, Existing(Path.Combine(folder, PreprocessorFile)))
                : throw new InvalidCheckpointException(checkpoint.Name, HuggingFaceFile, "is not beside the checkpoint, whose tensors are named as Hugging Face's: heads, activation and pooling stand in it.");
        }

        if ((named ?? Existing(Path.Combine(folder, OpenClipFile))) is { } openClip)
        {
            return OpenClipConfiguration.Load(openClip);
        }

        // A bare configuration of open_clip's may have the general name.
        return Existing(Path.Combine(folder, HuggingFaceFile)) is { } general && ConfigurationObject.Load(general) is var root && (root.HasObject("model_cfg") || root.HasObject("vision_cfg"))
            ? OpenClipConfiguration.Load(general)
            : ModelConfiguration.None;
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
