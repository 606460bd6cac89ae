using ClipFunctions.ModelCaching;
using ClipFunctions.ModelCaching.Catalog;
using ClipFunctions.Pipeline.Configuration;
using ClipFunctions.Pipeline.Http.Problems;
using ClipFunctions.Pipeline.Http.Replies;
using Microsoft.Extensions.Options;

namespace ClipFunctions.Pipeline.Http.Requests;

/// <summary>The models that requests may name.</summary>
internal sealed class RequestModels(ModelCache cache, ModelCatalog catalog, IOptions<ClipOptions> clip, IOptions<ClipHttpOptions> options)
{
    private readonly string _default = clip.Value.Model;

    /// <summary>A lease on the model that a request names, or on the default one.</summary>
    /// <exception cref="RequestProblemException">There is no such model, or it would have to be fetched.</exception>
    public async Task<ModelLease> LeaseAsync(string? model, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(model) || model == _default)
        {
            return await cache.LeaseAsync(_default, cancellationToken);
        }

        ModelRequest request;
        try
        {
            request = ModelRequest.Parse(model);
        }
        catch (FormatException exception)
        {
            throw RequestProblemException.BadRequest("InvalidModel", "The model's name is none", exception.Message, exception);
        }

        CatalogEntry? entry = catalog.Find(request.Id);
        request = request with { Id = entry?.Id ?? request.Id };
        if (!options.Value.AllowModelDownloads && !await cache.IsAtHandAsync(request, cancellationToken))
        {
            throw NotFound(request, entry is not null);
        }

        return await cache.LeaseAsync(request, cancellationToken);
    }

    /// <summary>All models.</summary>
    public async Task<ModelsReply> ListAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, LoadedModel> loaded = cache.LoadedModels.GroupBy(model => model.Fingerprint).ToDictionary(group => group.Key, group => group.First());
        List<ModelReply> models = [];
        HashSet<(string, string?)> seen = [];
        foreach (ModelListing listing in await cache.ListAsync(cancellationToken))
        {
            string? precision = listing.Precision is { } known ? ModelRequest.NameOf(known) : null;
            if (!seen.Add((listing.Id, precision)) || (listing.MustBeFetched && models.Exists(model => model.Id == listing.Id)))
            {
                continue;
            }

            LoadedModel? inMemory = listing.Fingerprint is { } fingerprint ? loaded.GetValueOrDefault(fingerprint) : null;
            models.Add(new ModelReply
            {
                Id = listing.Id,
                Precision = precision,
                Fingerprint = listing.Fingerprint,
                Device = inMemory?.Device.Name,
                Loaded = inMemory is not null,
                Dimension = listing.EmbeddingDimension,
                ContextLength = listing.ContextLength,
                ImageSize = listing.ImageSize,
                Source = listing.Source,
                Available = !listing.MustBeFetched || options.Value.AllowModelDownloads,
            });
        }

        return new ModelsReply(_default, models);
    }

    private RequestProblemException NotFound(ModelRequest request, bool published)
    {
        IReadOnlyList<string> suggestions = published ? [] : catalog.Suggest(request.Id);
        string detail = published
            ? $"Model '{request}' is not on this host, and requests may not fetch models (Clip:Http:AllowModelDownloads). Its operator can: clip pull {request}, or Clip:Preload."
            : $"There is no model '{request}' here; GET api/models lists those that are.{(suggestions.Count > 0 ? $" Meant was perhaps {string.Join(" or ", suggestions)}." : "")}";
        return new RequestProblemException(404, "ModelNotFound", "There is no such model", detail);
    }
}
