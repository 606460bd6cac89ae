#:project ../../src/ClipFunctions.Datasets/ClipFunctions.Datasets.csproj
#:project ../../src/ClipFunctions.ModelCache/ClipFunctions.ModelCache.csproj
using System.Globalization;
using ClipFunctions.Clip.Inference;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Datasets.Reading;
using ClipFunctions.ModelCaching;

await using ModelCache models = ModelCache.Open();
using ModelLease lease = await models.LeaseAsync(args.ElementAtOrDefault(1) ?? "ViT-B/32");
ClipModel model = lease.Model;

LocalDatasetFiles files = LocalDatasetFiles.Open(args[0]);
DatasetPlan cifar100 = await DatasetPlanner.PlanAsync(files);
DatasetItem item = cifar100.ItemsOf(DatasetSplit.Test)[int.Parse(args.ElementAtOrDefault(2) ?? "3637", CultureInfo.InvariantCulture)];
using DatasetPicture picture = await new DatasetReader(files).ReadAsync(item);

EmbeddingMatrix imageFeatures = model.EncodeImage([picture.Bytes]);
LabelSet labels = new("cifar100", cifar100.Classes, ["a photo of a {}."]);
var predictions = await new ZeroShotClassifier().ClassifyAsync(model, imageFeatures, labels, topK: 5);

Console.WriteLine($"It is: {cifar100.Classes[item.Label]}");
Console.WriteLine("Top predictions:");
foreach (LabelScore score in predictions[0])
{
    Console.WriteLine($"{score.Label,16}: {100 * score.Probability:F2}%");
}
