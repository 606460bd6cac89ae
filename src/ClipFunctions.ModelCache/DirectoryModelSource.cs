using ClipFunctions.Checkpoints;
using ClipFunctions.Checkpoints.ReadyMade;
using ClipFunctions.Clip.Bundles;

namespace ClipFunctions.ModelCaching;

/// <summary>Bundles in the folders of a directory, <c>{directory}/{model id}/clip.json</c> or
/// <c>{directory}/{model id}.{precision}/clip.json</c> (<c>/</c> in an id becomes <c>-</c>), and ready-made ones of other tools in
/// <c>{directory}/{model id}/</c> (see <see cref="ReadyMadeOnnx"/>).</summary>
public sealed class DirectoryModelSource : IModelSource
{
    private readonly string _directory;

    /// <summary>Looks in <paramref name="directory"/>, which need not exist.</summary>
    public DirectoryModelSource(string name, string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        Name = name;
        _directory = directory;
    }

    /// <summary>The models that ship with the code: <c>models</c> beside the running assembly.</summary>
    public static DirectoryModelSource Embedded { get; } = new("embedded", Path.Combine(AppContext.BaseDirectory, "models"));

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The folder of a model's bundle within a directory of bundles.</summary>
    /// <exception cref="ArgumentException">The id has characters that no model id has.</exception>
    public static string FolderName(string modelId)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelId);
        foreach (char c in modelId)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !"-_./@+".Contains(c, StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{modelId}' is not a model id: letters, digits and - _ . / @ + only.", nameof(modelId));
            }
        }

        string folder = modelId.Replace('/', '-');
        return folder.Trim('.').Length > 0
            ? folder
            : throw new ArgumentException($"'{modelId}' is not a model id.", nameof(modelId));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        List<ModelListing> models = [];
        if (Directory.Exists(_directory))
        {
            foreach (string folder in Directory.EnumerateDirectories(_directory).Order(StringComparer.Ordinal))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (File.Exists(Path.Combine(folder, BundleManifest.FileName)))
                {
                    models.Add(ModelListing.Of(BundleManifest.Load(Path.Combine(folder, BundleManifest.FileName)), Name));
                }
                else if (ReadyMadeOnnx.PrecisionsOf(folder).Count > 0)
                {
                    models.Add(new ModelListing { Id = Path.GetFileName(folder), Source = Name });
                }
            }
        }

        return Task.FromResult<IReadOnlyList<ModelListing>>(models);
    }

    /// <summary>Everything in the directory that is or should be a model, without looking into the graphs; what is broken is told and hinders nothing.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    public IReadOnlyList<ListedModel> Inventory(CancellationToken cancellationToken)
    {
        List<ListedModel> models = [];
        if (!Directory.Exists(_directory))
        {
            return models;
        }

        foreach (string folder in Directory.EnumerateDirectories(_directory).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (File.Exists(Path.Combine(folder, BundleManifest.FileName)))
            {
                try
                {
                    models.Add(new ListedModel(folder, ModelBundle.Open(folder), null));
                }
                catch (InvalidBundleException exception)
                {
                    models.Add(new ListedModel(folder, null, exception.Message));
                }
            }
            else if (ReadyMadeOnnx.PrecisionsOf(folder).Count > 0)
            {
                models.Add(new ListedModel(folder, null, null));
            }
        }

        return models;
    }

    /// <inheritdoc/>
    public async Task<ModelBundle?> FindAsync(ModelRequest request, IProgress<ModelProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        foreach (string folder in Candidates(request))
        {
            if (!File.Exists(Path.Combine(folder, BundleManifest.FileName)))
            {
                if (await FindReadyMadeAsync(folder, request, cancellationToken) is { } readyMade)
                {
                    return readyMade;
                }

                continue;
            }

            ModelBundle bundle = ModelBundle.Open(folder);
            if (request.Precision is null || bundle.Manifest.Precision == request.Precision)
            {
                await bundle.VerifyAsync(cancellationToken);
                return bundle;
            }
        }

        return null;
    }

    /// <summary>The folder, within a directory of bundles, of a model made in one precision: <c>{model id}.{precision}</c>.</summary>
    /// <exception cref="ArgumentException">The id has characters that no model id has.</exception>
    public static string FolderName(string modelId, ModelPrecision precision) => $"{FolderName(modelId)}.{ModelRequest.NameOf(precision)}";

    private static async Task<ModelBundle?> FindReadyMadeAsync(string folder, ModelRequest request, CancellationToken cancellationToken)
    {
        IReadOnlyList<ModelPrecision> precisions = ReadyMadeOnnx.PrecisionsOf(folder);
        if (precisions.Count == 0 || (request.Precision is { } wanted && !precisions.Contains(wanted)))
        {
            return null;
        }

        try
        {
            // Its files' hashes are taken as they are opened, so there is nothing to verify them against.
            return await ReadyMadeOnnx.OpenAsync(folder, request.Id, request.Precision, cancellationToken);
        }
        catch (InvalidCheckpointException exception)
        {
            throw new InvalidBundleException(folder, null, exception.Message, exception);
        }
    }

    // A folder without a precision in its name is one that a user put there.
    private IEnumerable<string> Candidates(ModelRequest request)
    {
        yield return Path.Combine(_directory, FolderName(request.Id));
        foreach (ModelPrecision precision in request.Precision is { } wanted ? [wanted] : Enum.GetValues<ModelPrecision>())
        {
            yield return Path.Combine(_directory, FolderName(request.Id, precision));
        }
    }
}
