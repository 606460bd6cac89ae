using Microsoft.Extensions.AI;

namespace ClipFunctions.Clip.Inference;

/// <summary>What the two embedding generators share.</summary>
internal sealed class EmbeddingGeneratorAdapter : IDisposable
{
    private const string Provider = "clip";

    private readonly EmbeddingGeneratorMetadata _metadata;

    public EmbeddingGeneratorAdapter(ClipModel model, ClipEmbeddingOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        Model = model;
        Options = options;
        Uri? source = Uri.TryCreate(model.Manifest.Source?.Url, UriKind.Absolute, out Uri? address) ? address : null;
        _metadata = new EmbeddingGeneratorMetadata(Provider, source, model.Manifest.Id, model.EmbeddingDimension);
    }

    public ClipModel Model { get; }

    public ClipEmbeddingOptions Options { get; }

    public void Check(EmbeddingGenerationOptions? options)
    {
        if (options?.Dimensions is { } dimensions && dimensions != Model.EmbeddingDimension)
        {
            throw new ArgumentException($"The model '{Model.Manifest.Id}' gives {Model.EmbeddingDimension} dimensions, not {dimensions}.", nameof(options));
        }

        if (options?.ModelId is { } id && id != Model.Manifest.Id)
        {
            throw new ArgumentException($"This generator's model is '{Model.Manifest.Id}', not '{id}'.", nameof(options));
        }
    }

    public GeneratedEmbeddings<Embedding<float>> Wrap(EmbeddingMatrix vectors)
    {
        if (Options.Normalize)
        {
            vectors = vectors.Normalize();
        }

        DateTimeOffset now = DateTimeOffset.UtcNow;
        GeneratedEmbeddings<Embedding<float>> embeddings = new(vectors.Count)
        {
            AdditionalProperties = new AdditionalPropertiesDictionary { ["fingerprint"] = Model.Fingerprint, ["normalized"] = Options.Normalize },
        };
        for (int row = 0; row < vectors.Count; row++)
        {
            embeddings.Add(new Embedding<float>(vectors.Row(row)) { ModelId = Model.Manifest.Id, CreatedAt = now });
        }

        return embeddings;
    }

    public object? GetService(object generator, Type serviceType, object? serviceKey)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata
            : serviceType == typeof(ClipModel) ? Model
            : serviceType.IsInstanceOfType(generator) ? generator
            : null;
    }

    public void Dispose()
    {
        if (Options.OwnsModel)
        {
            Model.Dispose();
        }
    }
}
