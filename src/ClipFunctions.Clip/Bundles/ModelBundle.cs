using System.Security.Cryptography;

namespace ClipFunctions.Clip.Bundles;

/// <summary>A model on disk: a folder with <c>clip.json</c>, the two towers' graphs and the tokenizer's files. Immutable; safe for any thread.</summary>
public sealed class ModelBundle
{
    private ModelBundle(string folder, BundleManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
        Fingerprint = manifest.Fingerprint;
    }

    /// <summary>The folder's full path.</summary>
    public string Folder { get; }

    /// <summary>What <c>clip.json</c> says.</summary>
    public BundleManifest Manifest { get; }

    /// <summary>See <see cref="BundleManifest.Fingerprint"/>.</summary>
    public string Fingerprint { get; }

    /// <summary>The model's id.</summary>
    public string Id => Manifest.Id;

    /// <summary>The full path of the default label set's file, or null if the bundle has none.</summary>
    public string? LabelsPath => Manifest.Labels is { } labels ? PathOf(labels) : null;

    /// <summary>Size of all files in bytes.</summary>
    public long Size => Manifest.Files.Sum(file => file.Size);

    /// <summary>Reads a bundle's manifest and checks that every file is there in its size. The hashes are <see cref="VerifyAsync"/>'s.</summary>
    /// <param name="folder">The bundle's folder.</param>
    /// <exception cref="InvalidBundleException">The manifest is missing or wrong, or a file is missing or of another size.</exception>
    public static ModelBundle Open(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string full = Path.GetFullPath(folder);
        return Checked(new ModelBundle(full, BundleManifest.Load(Path.Combine(full, BundleManifest.FileName))));
    }

    /// <summary>Makes a bundle of a folder that holds no <c>clip.json</c>, such as one that another tool wrote. Nothing is written into it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="manifest">What its <c>clip.json</c> would say.</param>
    /// <exception cref="InvalidBundleException">The manifest is wrong, or a file is missing or of another size.</exception>
    public static ModelBundle FromManifest(string folder, BundleManifest manifest)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(manifest);
        string full = Path.GetFullPath(folder);
        manifest.Validate(full);
        return Checked(new ModelBundle(full, manifest));
    }

    /// <summary>The full path of a file of the bundle.</summary>
    /// <param name="name">A name that the manifest lists.</param>
    /// <exception cref="ArgumentException">The manifest does not list it.</exception>
    public string PathOf(string name)
    {
        if (!Manifest.Files.Any(file => file.Name == name))
        {
            throw new ArgumentException($"'{name}' is not among the files of {Folder}.", nameof(name));
        }

        return Path.Combine(Folder, name.Replace('/', Path.DirectorySeparatorChar));
    }

    /// <summary>Checks the size and SHA-256 of every file.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="InvalidBundleException">A file is missing or not the one that the manifest lists.</exception>
    public async Task VerifyAsync(CancellationToken cancellationToken = default)
    {
        foreach (BundleFile file in Manifest.Files)
        {
            CheckSize(file);
            string path = PathOf(file.Name);
            string actual;
            try
            {
                FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, FileOptions.Asynchronous | FileOptions.SequentialScan);
                await using (stream.ConfigureAwait(false))
                {
                    actual = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new InvalidBundleException(path, null, $"cannot be read: {exception.Message}", exception);
            }

            if (actual != file.Sha256)
            {
                throw new InvalidBundleException(path, null, $"SHA-256 expected {file.Sha256}, found {actual}.");
            }
        }
    }

    private static ModelBundle Checked(ModelBundle bundle)
    {
        foreach (BundleFile file in bundle.Manifest.Files)
        {
            bundle.CheckSize(file);
        }

        return bundle;
    }

    private void CheckSize(BundleFile file)
    {
        string path = PathOf(file.Name);
        FileInfo info = new(path);
        if (info.LinkTarget is not null)
        {
            // The hub's own cache holds links, whose length is not the file's.
            info = info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
        }

        if (!info.Exists)
        {
            throw new InvalidBundleException(path, null, "there is no such file.");
        }

        if (info.Length != file.Size)
        {
            throw new InvalidBundleException(path, null, $"expected {file.Size} bytes, found {info.Length}.");
        }
    }
}
