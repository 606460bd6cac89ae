using ClipFunctions.Clip.Tokenization;
using Microsoft.Extensions.AI;

namespace ClipFunctions.Clip.Inference;

/// <summary>A <see cref="ClipModel"/>'s text tower as .NET's contract for embedding models. Thread-safe.</summary>
/// <param name="model">The model.</param>
/// <param name="options">What it gives; the stated defaults if null.</param>
public sealed class ClipTextEmbeddingGenerator(ClipModel model, ClipEmbeddingOptions? options = null) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorAdapter _adapter = new(model, options ?? new ClipEmbeddingOptions());

    /// <summary>Encodes texts.</summary>
    /// <param name="values">The texts.</param>
    /// <param name="options">May name the model and its dimension, but no others.</param>
    /// <param name="cancellationToken">Ends the computation soon.</param>
    /// <exception cref="TextTooLongException">A text has more tokens than the context and is not to be cut.</exception>
    /// <exception cref="ArgumentException"><paramref name="options"/> ask for another model or dimension.</exception>
    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        _adapter.Check(options);
        string[] texts = [.. values];
        return Task.Run(
            () =>
            {
                ClipModel model = _adapter.Model;
                TokenBatch tokens = model.Tokenizer.Tokenize(texts, model.ContextLength, _adapter.Options.Truncate);
                GeneratedEmbeddings<Embedding<float>> embeddings = _adapter.Wrap(model.EncodeText(tokens, cancellationToken));
                long count = 0;
                foreach (int position in tokens.EndPositions)
                {
                    count += position + 1;
                }

                embeddings.Usage = new UsageDetails { InputTokenCount = count, TotalTokenCount = count };
                return embeddings;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => _adapter.GetService(this, serviceType, serviceKey);

    /// <summary>Disposes of the model if the options say so.</summary>
    public void Dispose() => _adapter.Dispose();
}
