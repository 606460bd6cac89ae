using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ClipFunctions.Clip.ZeroShot;

/// <summary>
/// The words that pictures are told apart by, and the sentences they are put into. As JSON:
/// <c>{"name": "pets", "templates": ["a photo of a {}."], "labels": ["dog", "cat"]}</c>. Immutable.
/// </summary>
public sealed class LabelSet
{
    /// <summary>What a template holds exactly once, in the label's place.</summary>
    public const string Placeholder = "{}";

    /// <summary>The template that is taken where none is given: <c>a photo of a {}.</c></summary>
    public const string DefaultTemplate = "a photo of a {}.";

    /// <summary>The most labels of a set.</summary>
    public const int MaximumLabels = 100_000;

    /// <summary>The most templates of a set.</summary>
    public const int MaximumTemplates = 1_000;

    /// <summary>The most bytes of a set's file.</summary>
    public const int MaximumBytes = 16 << 20;

    private const int MaximumLength = 4096;

    /// <summary>Makes a set.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="labels">At least one; none empty.</param>
    /// <param name="templates">Each with <c>{}</c> exactly once; <see cref="DefaultTemplate"/> alone if null.</param>
    /// <exception cref="InvalidLabelSetException">A rule is broken.</exception>
    public LabelSet(string name, IEnumerable<string> labels, IEnumerable<string>? templates = null)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new InvalidLabelSetException("(unnamed)", "expected a name, found none.");
        }

        Name = name;
        ImmutableArray<string> words = [.. labels];
        ImmutableArray<string> sentences = templates is null ? [DefaultTemplate] : [.. templates];
        Check("label", words, MaximumLabels);
        Check("template", sentences, MaximumTemplates);
        for (int i = 0; i < sentences.Length; i++)
        {
            int found = Count(sentences[i]);
            if (found != 1)
            {
                throw new InvalidLabelSetException(name, $"template {i} ('{sentences[i]}'): expected {Placeholder} exactly once, found {found} times.");
            }
        }

        Labels = words;
        Templates = sentences;
        Id = ComputeId(words, sentences);
    }

    /// <summary>What the set is called.</summary>
    public string Name { get; }

    /// <summary>The words, in the order that indexes refer to.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The sentences.</summary>
    public IReadOnlyList<string> Templates { get; }

    /// <summary>
    /// SHA-256 (lower-case hex) over the templates and labels, each preceded by its length: what keys are made of. The name does not
    /// count, the order does.
    /// </summary>
    public string Id { get; }

    /// <summary>A label in a template.</summary>
    /// <param name="template">The template's index.</param>
    /// <param name="label">The label's index.</param>
    public string Prompt(int template, int label) => Templates[template].Replace(Placeholder, Labels[label], StringComparison.Ordinal);

    /// <summary>Reads a set from its JSON.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidLabelSetException">It cannot be read, is no such JSON, or a rule is broken.</exception>
    public static LabelSet Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] json;
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaximumBytes)
            {
                throw new InvalidLabelSetException(path, $"{length} bytes are more than a label set may have ({MaximumBytes}).");
            }

            json = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidLabelSetException(path, $"cannot be read: {exception.Message}", exception);
        }

        return Parse(json, path);
    }

    /// <summary>Reads a set from its JSON.</summary>
    /// <param name="utf8Json">The text.</param>
    /// <param name="origin">What to call it in errors.</param>
    /// <exception cref="InvalidLabelSetException">It is no such JSON, or a rule is broken.</exception>
    public static LabelSet Parse(ReadOnlySpan<byte> utf8Json, string origin = "labels.json")
    {
        try
        {
            ReadOnlySpan<byte> text = utf8Json.StartsWith("\uFEFF"u8) ? utf8Json[3..] : utf8Json;
            LabelSetJson set = JsonSerializer.Deserialize(text, LabelSetJsonContext.Default.LabelSetJson)
                ?? throw new InvalidLabelSetException(origin, "expected an object, found null.");
            return new LabelSet(set.Name, set.Labels, set.Templates);
        }
        catch (JsonException exception)
        {
            throw new InvalidLabelSetException(origin, exception.Message, exception);
        }
    }

    /// <summary>The set as JSON: UTF-8, indented, ending with a line feed.</summary>
    public byte[] ToJson()
    {
        LabelSetJson set = new() { Name = Name, Labels = Labels, Templates = Templates };
        return [.. JsonSerializer.SerializeToUtf8Bytes(set, LabelSetJsonContext.Default.LabelSetJson), (byte)'\n'];
    }

    /// <summary>Writes the set as JSON.</summary>
    /// <param name="path">The file; replaced if it exists.</param>
    public void Save(string path) => File.WriteAllBytes(path, ToJson());

    private static int Count(string template)
    {
        int count = 0;
        for (int at = 0; (at = template.IndexOf(Placeholder, at, StringComparison.Ordinal)) >= 0; at += Placeholder.Length)
        {
            count++;
        }

        return count;
    }

    private static string ComputeId(ImmutableArray<string> labels, ImmutableArray<string> templates)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append($"templates {templates.Length}");
        foreach (string template in templates)
        {
            Append(template);
        }

        Append($"labels {labels.Length}");
        foreach (string label in labels)
        {
            Append(label);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(Encoding.UTF8.GetBytes($"{bytes.Length}:"));
            hash.AppendData(bytes);
        }
    }

    private void Check(string what, ImmutableArray<string> entries, int most)
    {
        if (entries.Length < 1 || entries.Length > most)
        {
            throw new InvalidLabelSetException(Name, $"expected 1 to {most} {what}s, found {entries.Length}.");
        }

        for (int i = 0; i < entries.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(entries[i]))
            {
                throw new InvalidLabelSetException(Name, $"{what} {i} is empty.");
            }

            if (entries[i].Length > MaximumLength)
            {
                throw new InvalidLabelSetException(Name, $"{what} {i} has {entries[i].Length} characters, more than {MaximumLength}.");
            }
        }
    }
}
