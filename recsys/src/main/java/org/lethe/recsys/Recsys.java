package org.lethe.recsys;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Safetensors;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.recsys.approximate.AltEraser;
import org.lethe.recsys.approximate.Ceu;
import org.lethe.recsys.approximate.DeletionOperator;
import org.lethe.recsys.approximate.DescentAscent;
import org.lethe.recsys.approximate.E2uRec;
import org.lethe.recsys.approximate.Fanchuan;
import org.lethe.recsys.approximate.Gif;
import org.lethe.recsys.approximate.Idea;
import org.lethe.recsys.approximate.Ifru;
import org.lethe.recsys.approximate.Kookmin;
import org.lethe.recsys.approximate.MmRecUn;
import org.lethe.recsys.approximate.NegGrad;
import org.lethe.recsys.approximate.Obliviate;
import org.lethe.recsys.approximate.RowRefit;
import org.lethe.recsys.approximate.Rrl;
import org.lethe.recsys.approximate.Seif;
import org.lethe.recsys.approximate.UnlearnRec;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Dmf;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ExplicitAls;
import org.lethe.recsys.backbone.FedMf;
import org.lethe.recsys.backbone.Gmf;
import org.lethe.recsys.backbone.ImplicitAls;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.backbone.LightGcn;
import org.lethe.recsys.backbone.MultVae;
import org.lethe.recsys.backbone.NeuMf;
import org.lethe.recsys.backbone.Ngcf;
import org.lethe.recsys.backbone.Pmf;
import org.lethe.recsys.backbone.StoredModels;
import org.lethe.recsys.backbone.Vbpr;
import org.lethe.recsys.backbone.WholeDataWmf;
import org.lethe.recsys.backbone.Wmf;
import org.lethe.recsys.balance.Balance;
import org.lethe.recsys.balance.InNaive;
import org.lethe.recsys.balance.InUcds;
import org.lethe.recsys.balance.NeighbourSmoothing;
import org.lethe.recsys.balance.Reranked;
import org.lethe.recsys.balance.SDro;
import org.lethe.recsys.balance.Ufr;
import org.lethe.recsys.balance.UserGroupFairness;
import org.lethe.recsys.data.AttackedLists;
import org.lethe.recsys.data.Gowalla;
import org.lethe.recsys.data.InUcdsEpinions;
import org.lethe.recsys.data.InUcdsGowalla;
import org.lethe.recsys.data.InUcdsMovieLens;
import org.lethe.recsys.data.InteractionFile;
import org.lethe.recsys.data.LastfmGender;
import org.lethe.recsys.data.Ml100k;
import org.lethe.recsys.data.Ml1m;
import org.lethe.recsys.data.Planted;
import org.lethe.recsys.data.PlantedFeatures;
import org.lethe.recsys.forget.Adapted;
import org.lethe.recsys.forget.Apa;
import org.lethe.recsys.forget.CertifiedHeads;
import org.lethe.recsys.forget.CertifiedNewton;
import org.lethe.recsys.forget.Completeness;
import org.lethe.recsys.forget.Decrement;
import org.lethe.recsys.forget.Downdate;
import org.lethe.recsys.forget.Efficiency;
import org.lethe.recsys.forget.ErasedRows;
import org.lethe.recsys.forget.Fairness;
import org.lethe.recsys.forget.ForgetInteractions;
import org.lethe.recsys.forget.ForgetItems;
import org.lethe.recsys.forget.ForgetRequest;
import org.lethe.recsys.forget.ForgetUsers;
import org.lethe.recsys.forget.Fru;
import org.lethe.recsys.forget.GraphEraser;
import org.lethe.recsys.forget.ImCorrect;
import org.lethe.recsys.forget.Laser;
import org.lethe.recsys.forget.NewtonStep;
import org.lethe.recsys.forget.RecEraser;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Scif;
import org.lethe.recsys.forget.Sharded;
import org.lethe.recsys.forget.ShardedFile;
import org.lethe.recsys.forget.Sisa;
import org.lethe.recsys.forget.UltraRe;
import org.lethe.recsys.forget.UnlearnAls;
import org.lethe.recsys.forget.Utility;
import org.lethe.recsys.hide.AdvMultVae;
import org.lethe.recsys.hide.Adversarial;
import org.lethe.recsys.hide.AttributeInference;
import org.lethe.recsys.hide.AuditEmbeddings;
import org.lethe.recsys.hide.D2dR;
import org.lethe.recsys.hide.D2dTraining;
import org.lethe.recsys.hide.DpNoise;
import org.lethe.recsys.hide.EqualNoise;
import org.lethe.recsys.hide.Hide;
import org.lethe.recsys.hide.HideEmbeddings;
import org.lethe.recsys.hide.MeanMatching;
import org.lethe.recsys.hide.Preservation;
import org.lethe.recsys.hide.Raid;
import org.lethe.recsys.hide.RecommendationInference;
import org.lethe.recsys.hide.TransportMap;
import org.lethe.recsys.hide.U2uR;
import org.lethe.recsys.shop.AddToShop;
import org.lethe.recsys.shop.Certificate;
import org.lethe.recsys.shop.EvaluateShop;
import org.lethe.recsys.shop.ExportFactors;
import org.lethe.recsys.shop.ForgetInShop;
import org.lethe.recsys.shop.Recommend;
import org.lethe.recsys.shop.ShopHistory;
import org.lethe.recsys.shop.TrainShop;
import org.lethe.recsys.stream.ErasureStream;
import org.lethe.recsys.stream.Latency;
import org.lethe.recsys.stream.ListDrift;
import org.lethe.recsys.stream.StreamedLists;

/** The subject of recommenders: its catalogue of data, models, requests, methods, audits and tools. */
public final class Recsys implements Subject<Split, Recommender> {
    @Override
    public String name() {
        return "recsys";
    }

    @Override
    public List<DataSource<Split>> data() {
        return List.of(
                new Planted(),
                new PlantedFeatures(),
                new AttackedLists(),
                new Ml100k(),
                new Ml1m(),
                new LastfmGender(),
                new Gowalla(),
                new InUcdsMovieLens(),
                new InUcdsEpinions(),
                new InUcdsGowalla(),
                new InteractionFile());
    }

    @Override
    public List<Learner<Split, Recommender>> models() {
        return List.of(
                new Wmf(),
                new Bpr(),
                new LightGcn(),
                new ImplicitAls(),
                new ExplicitAls(),
                new WholeDataWmf(),
                new Gmf(),
                new NeuMf(),
                new Dmf(),
                new Pmf(),
                new Ngcf(),
                new MultVae(),
                new Vbpr(),
                new FedMf(),
                new Ease(),
                new ItemKnn());
    }

    @Override
    public List<Request> requests() {
        return List.of(
                new ForgetUsers(),
                new ForgetItems(),
                new ForgetInteractions(),
                new ErasureStream(),
                new Hide(),
                new Balance());
    }

    @Override
    public List<Method<Split, Recommender>> methods() {
        return List.of(
                new Retrain(),
                new Sisa(),
                new RecEraser(),
                new UltraRe(),
                new GraphEraser(),
                new Laser(),
                new Apa(),
                new Fru(),
                new Scif(),
                new NewtonStep(),
                new CertifiedNewton(),
                new Downdate(),
                new Decrement(),
                new ImCorrect(),
                new UnlearnAls(),
                new NegGrad(),
                new DescentAscent(),
                new Rrl(),
                new MmRecUn(),
                new Ifru(),
                new AltEraser(),
                new RowRefit(),
                new Obliviate(),
                new Kookmin(),
                new Fanchuan(),
                new Seif(),
                new Gif(),
                new Ceu(),
                new Idea(),
                new DeletionOperator(),
                new UnlearnRec(),
                new E2uRec(),
                new U2uR(),
                new D2dR(),
                new Raid(),
                new Adversarial(),
                new AdvMultVae(),
                new D2dTraining(),
                new TransportMap(),
                new MeanMatching(),
                new EqualNoise(),
                new DpNoise(),
                new InUcds(),
                new InNaive(),
                new SDro(),
                new Ufr(),
                new NeighbourSmoothing());
    }

    @Override
    public List<Audit<Split, Recommender>> audits() {
        return List.of(
                new Utility(),
                new ListDrift(),
                new Latency<>(),
                new Completeness(),
                new ErasedRows(),
                new Efficiency(),
                new Fairness(),
                new AttributeInference(),
                new RecommendationInference(),
                new Preservation(),
                new UserGroupFairness());
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(
                new AuditEmbeddings(),
                new HideEmbeddings(),
                new TrainShop(),
                new Recommend(),
                new EvaluateShop(),
                new ForgetInShop(),
                new AddToShop(),
                new ShopHistory(),
                new Certificate(),
                new ExportFactors());
    }

    @Override
    public Method<Split, Recommender> reference(Request request) {
        return request instanceof ForgetRequest ? new Retrain() : new DoNothing<>();
    }

    @Override
    public Split remaining(Request request, Split data) {
        return request instanceof ForgetRequest forget ? forget.resolve(data).remaining() : data;
    }

    @Override
    public void save(Recommender model, Map<String, String> provenance, Path file) throws IOException {
        switch (model) {
            case Sharded sharded -> ShardedFile.save(sharded, file, provenance);
            case StreamedLists streamed -> streamed.save(provenance, file, this::save);
            case Storable storable -> storable.save(file, provenance);
            default ->
                throw new IllegalArgumentException("model is a "
                        + model.getClass().getSimpleName() + ", expected one that can be written to a file");
        }
    }

    @Override
    public Recommender load(Path file) throws IOException {
        try (Safetensors read = Safetensors.open(file)) {
            String kind = read.metadata().getOrDefault("lethe.model", "");
            return switch (kind) {
                case "reranked" -> Reranked.read(read, file);
                case "adapted" -> Adapted.read(read, file);
                case "certified-heads" -> CertifiedHeads.read(read, file);
                case "sharded" -> ShardedFile.load(file, methods());
                case StreamedLists.KIND -> StreamedLists.load(read, file, this::load);
                default ->
                    StoredModels.read(kind, read, file, "")
                            .orElseThrow(() -> new LetheException(
                                    LetheException.Code.DATA,
                                    file + " holds a model of kind \"" + kind + "\", expected " + StoredModels.KINDS
                                            + ", or adapted, certified-heads, reranked, sharded or streamed"));
            };
        }
    }
}
