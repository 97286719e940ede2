package org.lethe.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Audit;
import org.lethe.DataSource;
import org.lethe.DoNothing;
import org.lethe.Learner;
import org.lethe.Method;
import org.lethe.Request;
import org.lethe.Subject;
import org.lethe.Tool;
import org.lethe.text.align.Align;
import org.lethe.text.align.AlignCheckpoint;
import org.lethe.text.align.Alignment;
import org.lethe.text.align.Dpo;
import org.lethe.text.align.Grpo;
import org.lethe.text.align.Ppo;
import org.lethe.text.align.RandomNegatives;
import org.lethe.text.align.U2a;
import org.lethe.text.align.UnlearnNegatives;
import org.lethe.text.data.PlantedFacts;
import org.lethe.text.data.PoliteAnswers;
import org.lethe.text.data.Shakespeare;
import org.lethe.text.data.TextFile;
import org.lethe.text.data.Tofu;
import org.lethe.text.forget.AuditCheckpoint;
import org.lethe.text.forget.ByLoss;
import org.lethe.text.forget.Difficulties;
import org.lethe.text.forget.Efficiency;
import org.lethe.text.forget.FineTune;
import org.lethe.text.forget.ForgetSamples;
import org.lethe.text.forget.Knowledge;
import org.lethe.text.forget.MembershipInference;
import org.lethe.text.forget.MetricQuality;
import org.lethe.text.forget.ModelUtility;
import org.lethe.text.forget.Retrain;
import org.lethe.text.forget.Robustness;
import org.lethe.text.forget.ScoreDifficulty;
import org.lethe.text.forget.TaskVector;
import org.lethe.text.forget.UnlearnCheckpoint;
import org.lethe.text.model.Checkpoint;
import org.lethe.text.model.Generate;
import org.lethe.text.model.Gpt;
import org.lethe.text.model.TrainCheckpoint;

/** The subject of language models: its catalogue of data, models, requests, methods, audits and tools. */
public final class Text implements Subject<Corpus, LanguageModel> {
    @Override
    public String name() {
        return "text";
    }

    @Override
    public List<DataSource<Corpus>> data() {
        return List.of(new PlantedFacts(), new PoliteAnswers(), new Tofu(), new Shakespeare(), new TextFile());
    }

    @Override
    public List<Learner<Corpus, LanguageModel>> models() {
        return List.of(new Gpt(), new Checkpoint());
    }

    @Override
    public List<Request> requests() {
        return List.of(new ForgetSamples(), new Align());
    }

    @Override
    public List<Method<Corpus, LanguageModel>> methods() {
        return List.of(
                new Retrain(),
                new FineTune(),
                new ByLoss.GradientAscent(),
                new ByLoss.GradDiff(),
                new ByLoss.KlMin(),
                new ByLoss.Npo(),
                new ByLoss.SimNpo(),
                new ByLoss.IdkDpo(),
                new ByLoss.Idk(),
                new ByLoss.Rmu(),
                new ByLoss.Undial(),
                new ByLoss.CeU(),
                new ByLoss.Wga(),
                new ByLoss.SatImp(),
                new ByLoss.Pdu(),
                new TaskVector(),
                new U2a(),
                new UnlearnNegatives(),
                new RandomNegatives(),
                new Dpo(),
                new Grpo(),
                new Ppo());
    }

    @Override
    public List<Audit<Corpus, LanguageModel>> audits() {
        return List.of(
                new Knowledge(),
                new ModelUtility(),
                new MembershipInference(),
                new Robustness(),
                new Difficulties(),
                new MetricQuality(),
                new Efficiency(),
                new Alignment());
    }

    @Override
    public List<Tool<?>> tools() {
        return List.of(
                new UnlearnCheckpoint(),
                new AuditCheckpoint(),
                new ScoreDifficulty(),
                new AlignCheckpoint(),
                new Generate(),
                new TrainCheckpoint());
    }

    @Override
    public Method<Corpus, LanguageModel> reference(Request request) {
        return request instanceof ForgetSamples ? new Retrain() : new DoNothing<>();
    }

    @Override
    public Corpus remaining(Request request, Corpus data) {
        return request instanceof ForgetSamples forget ? forget.resolve(data).remaining() : data;
    }

    @Override
    public void save(LanguageModel model, Map<String, String> provenance, Path file) throws IOException {
        model.save(file, provenance);
    }

    @Override
    public LanguageModel load(Path file) throws IOException {
        return LanguageModel.load(file);
    }
}
