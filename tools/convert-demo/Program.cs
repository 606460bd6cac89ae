using System.Diagnostics;
using ClipFunctions.Checkpoints;
using ClipFunctions.Clip.Bundles;

// usage: convert-demo [source folder] [bundle folder]
// Converts what tools/demo-model exported (model.safetensors, bpe_vocab.txt.gz, labels.json, model_card.json) into the shipped bundle.
// The defaults are models/demo/source and models/demo of the checkout that the current folder lies in.
string root = FindRoot();
string source = args.Length > 0 ? args[0] : Path.Combine(root, "models", "demo", "source");
string destination = args.Length > 1 ? args[1] : Path.Combine(root, "models", "demo");

// The source lies inside the bundle's folder, so the bundle is made beside it and its files are moved in.
string temporary = $"{Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination))}.new";
if (Directory.Exists(temporary))
{
    Directory.Delete(temporary, recursive: true);
}

try
{
    Stopwatch watch = Stopwatch.StartNew();
    await CheckpointConverter.ConvertAsync(source, temporary, new ConversionOptions { Weights = WeightStorage.Fp16 });
    Directory.CreateDirectory(destination);
    foreach (string file in Directory.GetFiles(temporary))
    {
        File.Move(file, Path.Combine(destination, Path.GetFileName(file)), overwrite: true);
    }

    ModelBundle bundle = ModelBundle.Open(destination);
    await bundle.VerifyAsync();
    foreach (BundleFile file in bundle.Manifest.Files)
    {
        Console.WriteLine($"{file.Size,12:N0}  {file.Name}");
    }

    Console.WriteLine($"{bundle.Size,12:N0}  {bundle.Id}, fingerprint {bundle.Fingerprint}, {watch.ElapsedMilliseconds} ms");
    return 0;
}
catch (Exception exception) when (exception is InvalidCheckpointException or InvalidBundleException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(exception.Message);
    return 1;
}
finally
{
    if (Directory.Exists(temporary))
    {
        Directory.Delete(temporary, recursive: true);
    }
}

static string FindRoot()
{
    for (DirectoryInfo? folder = new(Environment.CurrentDirectory); folder is not null; folder = folder.Parent)
    {
        if (File.Exists(Path.Combine(folder.FullName, "ClipFunctions.sln")))
        {
            return folder.FullName;
        }
    }

    return Environment.CurrentDirectory;
}
