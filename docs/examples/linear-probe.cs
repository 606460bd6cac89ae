#:project ../../src/ClipFunctions.Evaluation/ClipFunctions.Evaluation.csproj
#:project ../../src/ClipFunctions.ModelCache/ClipFunctions.ModelCache.csproj
using ClipFunctions.Datasets;
using ClipFunctions.Datasets.Files;
using ClipFunctions.Datasets.Plans;
using ClipFunctions.Evaluation;
using ClipFunctions.ModelCaching;
using ClipFunctions.Probe.Fitting;
using ClipFunctions.Probe.Labels;

await using ModelCache models = ModelCache.Open();
using ModelLease lease = await models.LeaseAsync(args.ElementAtOrDefault(1) ?? "ViT-B/32");

LocalDatasetFiles files = LocalDatasetFiles.Open(args[0]);
DatasetPlan cifar100 = await DatasetPlanner.PlanAsync(files);
using FeatureSet features = await new FeatureExtractor().ExtractAsync(lease.Model, files, cifar100);
SplitFeatures train = features.Of(DatasetSplit.Train), test = features.Of(DatasetSplit.Test);

FitResult fit = LogisticRegression.Fit(train.Vectors, LabelVector.FromIndices(train.Labels, cifar100.Classes), new FitOptions { C = 0.316 });
int[] predictions = fit.Classifier.Predict(test.Vectors);
double accuracy = predictions.Zip(test.Labels).Average(pair => pair.First == pair.Second ? 100 : 0);
Console.WriteLine($"Accuracy = {accuracy:F3}");
