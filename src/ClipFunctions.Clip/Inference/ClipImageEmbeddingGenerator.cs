using ClipFunctions.Clip.Imaging;
using Microsoft.Extensions.AI;

namespace ClipFunctions.Clip.Inference;

/// <summary>A <see cref="ClipModel"/>'s vision tower as .NET's contract for embedding models: the bytes of picture files in, vectors out. Thread-safe.</summary>
/// <param name="model">The model.</param>
/// <param name="options">What it gives; the stated defaults if null.</param>
public sealed class ClipImageEmbeddingGenerator(ClipModel model, ClipEmbeddingOptions? options = null) : IEmbeddingGenerator<DataContent, Embedding<float>>
{
    private readonly EmbeddingGeneratorAdapter _adapter = new(model, options ?? new ClipEmbeddingOptions());

    /// <summary>Encodes pictures.</summary>
    /// <param name="values">The pictures' files, of media type <c>image/…</c>; the format is told from the bytes.</param>
    /// <param name="options">May name the model and its dimension, but no others.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    /// <exception cref="ImageException">A picture is refused or damaged.</exception>
    /// <exception cref="ArgumentException">A content is no picture, or <paramref name="options"/> ask for another model or dimension.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<DataContent> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _adapter.Check(options);
        DataContent[] contents = [.. values];
        for (int i = 0; i < contents.Length; i++)
        {
            if (!contents[i].HasTopLevelMediaType("image"))
            {
                throw new ArgumentException($"Content {i} is of media type '{contents[i].MediaType}'; expected image/….", nameof(values));
            }
        }

        return Task.Run(
            () => _adapter.Wrap(_adapter.Model.EncodeImage([.. contents.Select(content => content.Data)], cancellationToken)),
            cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => _adapter.GetService(this, serviceType, serviceKey);

    /// <summary>Disposes of the model if the options say so.</summary>
    public void Dispose() => _adapter.Dispose();
}
