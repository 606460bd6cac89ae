using System.Text.Json;

namespace ClipFunctions.Checkpoints.Configuration;

/// <summary>An object of a JSON configuration; what is there but of another type is an error that names file and entry.</summary>
internal sealed class ConfigurationObject
{
    private const int MaximumBytes = 4 << 20;
    private const int MaximumDepth = 32;
    private const int MaximumNumber = 1 << 24;

    private readonly string _file;
    private readonly string _path;
    private readonly JsonElement _element;

    private ConfigurationObject(string file, string path, JsonElement element)
    {
        _file = file;
        _path = path;
        _element = element;
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidCheckpointException">It cannot be read, is too large or no JSON object.</exception>
    public static ConfigurationObject Load(string file)
    {
        try
        {
            long length = new FileInfo(file).Length;
            if (length > MaximumBytes)
            {
                throw new InvalidCheckpointException(file, null, $"{length} bytes are more than a configuration may have ({MaximumBytes}).");
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file), new JsonDocumentOptions { MaxDepth = MaximumDepth, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ConfigurationObject(file, "", document.RootElement.Clone())
                : throw new InvalidCheckpointException(file, null, $"expected a JSON object, found {document.RootElement.ValueKind}.");
        }
        catch (JsonException exception)
        {
            throw new InvalidCheckpointException(file, null, $"is no JSON: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidCheckpointException(file, null, $"cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>Whether an entry is there and not null.</summary>
    public bool Has(string name) => TryGet(name, out _);

    /// <summary>Whether an entry is there and is an object.</summary>
    public bool HasObject(string name) => TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object;

    /// <summary>Whether an entry is there and is an array.</summary>
    public bool HasArray(string name) => TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array;

    /// <summary>An object, or null if it is not there.</summary>
    public ConfigurationObject? Object(string name)
        => !TryGet(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.Object ? new ConfigurationObject(_file, PathOf(name), value)
            : throw Wrong(name, "an object", value);

    /// <summary>A text, or null if it is not there.</summary>
    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a text", value);
        }
        catch (InvalidOperationException exception)
        {
            throw new InvalidCheckpointException(_file, PathOf(name), $"is no valid text: {exception.Message}", exception);
        }
    }

    /// <summary>Yes or no, or null if it is not there.</summary>
    public bool? Flag(string name)
        => !TryGet(name, out JsonElement value) ? null
            : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
            : throw Wrong(name, "true or false", value);

    /// <summary>A whole number of 0 or more, or null if it is not there.</summary>
    public int? Whole(string name)
        => !TryGet(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number is >= 0 and <= MaximumNumber ? number
            : throw Wrong(name, $"a whole number of 0 to {MaximumNumber}", value);

    /// <summary>A number, or null if it is not there.</summary>
    public double? Number(string name)
        => !TryGet(name, out JsonElement value) ? null
            : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) ? number
            : throw Wrong(name, "a finite number", value);

    /// <summary>Numbers, or null if they are not there.</summary>
    public IReadOnlyList<float>? Numbers(string name, int count)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() != count)
        {
            throw Wrong(name, $"{count} numbers", value);
        }

        float[] numbers = new float[count];
        int at = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            numbers[at++] = item.ValueKind == JsonValueKind.Number && item.TryGetSingle(out float number) && float.IsFinite(number) ? number : throw Wrong(name, $"{count} numbers", value);
        }

        return numbers;
    }

    /// <summary>Whole numbers, or null if they are not there.</summary>
    public IReadOnlyList<int>? Wholes(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 16)
        {
            throw Wrong(name, "a few whole numbers", value);
        }

        return [.. value.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) && number is >= 0 and <= MaximumNumber ? number : throw Wrong(name, "a few whole numbers", value))];
    }

    /// <summary>The side of a square, given once or for both directions, or null if it is not there.</summary>
    public int? Square(string name)
    {
        if (!HasArray(name))
        {
            return Whole(name);
        }

        IReadOnlyList<int> sides = Wholes(name)!;
        return sides.Count == 2 && sides[0] == sides[1] ? sides[0] : throw Unsupported(name, $"expected a square, found [{string.Join(", ", sides)}].");
    }

    /// <summary>The error of an entry that says what no model here has.</summary>
    public InvalidCheckpointException Unsupported(string name, string problem) => new(_file, PathOf(name), problem);

    private static string Quote(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 60 ? text : $"{text.AsSpan(0, 60)}…";
    }

    private bool TryGet(string name, out JsonElement value) => _element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    private InvalidCheckpointException Wrong(string name, string expected, JsonElement value) => new(_file, PathOf(name), $"expected {expected}, found {Quote(value)}.");
}
