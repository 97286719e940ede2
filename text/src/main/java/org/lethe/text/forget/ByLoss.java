package org.lethe.text.forget;

import java.util.Optional;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;

/**
 * The methods that follow a {@link ForgettingLoss}: each is a loss, a way to draw samples, and a {@link Course}; {@link Unlearning}
 * is the loop of all.
 *
 * <p>With {@code weighting: mrd} a method becomes its weighted form (Feng et al. 2025): CGA, CGradDiff, CNPO, CSimNPO, CDPO, CRMU.
 * All are approximate: nothing is promised about the result, and audits measure it.
 */
public sealed interface ByLoss extends Forgetting {
    /** What is followed on samples to forget. */
    ForgettingLoss loss();

    /** How samples to forget are drawn. */
    Sampling weighting();

    /** How long, how fast and towards what. */
    Course course();

    /** How α follows the loss of retaining; empty for a constant α. */
    default Optional<Unlearning.Dual> adapting() {
        return Optional.empty();
    }

    /** The loop of this method. */
    default Unlearning unlearning() {
        return new Unlearning(Named.Of.name(this), loss(), adapting(), weighting(), course());
    }

    @Override
    default LanguageModel fulfil(
            LanguageModel model, Request request, Learner<Corpus, LanguageModel> learner, Corpus data, Env env) {
        ForgetSamples.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        if (forgotten.nothing()) {
            return model;
        }
        boolean declines = loss() instanceof ForgettingLoss.Idk || loss() instanceof ForgettingLoss.IdkDpo;
        if (declines && data.refusals().isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    Named.Of.name(this) + " needs sentences that decline to answer, and " + data.name() + " has none");
        }
        return unlearning().of(model, Forgetting.samples(model, forgotten, data, env), env);
    }

    @Override
    default Estimate estimate(Learner<Corpus, LanguageModel> learner, Corpus data) {
        return learner.estimate(data).times(1.3);
    }

    /**
     * Raises the cross-entropy of the samples to forget, and does nothing to keep the others. With mrd weighting it
     * is CGA.
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("gradient-ascent")
    @Taxonomy({Branch.REVERSE, Branch.LANGUAGE})
    record GradientAscent(ForgettingLoss.GradientAscent loss, Sampling weighting, Course course) implements ByLoss {
        public GradientAscent() {
            this(new ForgettingLoss.GradientAscent(), new Sampling.Uniform(), new Course().with(1, 0));
        }
    }

    /**
     * Raises the cross-entropy of the samples to forget and lowers that of others (Liu et al. 2022).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("grad-diff")
    @Taxonomy({Branch.REVERSE, Branch.LANGUAGE})
    record GradDiff(ForgettingLoss.GradientAscent loss, Sampling weighting, Course course) implements ByLoss {
        public GradDiff() {
            this(new ForgettingLoss.GradientAscent(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Gradient ascent that keeps predictions on other samples near those at the start (Maini et al. 2024, arXiv
     * 2401.06121).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("kl-min")
    record KlMin(ForgettingLoss.GradientAscent loss, Sampling weighting, Course course) implements ByLoss {
        public KlMin() {
            this(new ForgettingLoss.GradientAscent(), new Sampling.Uniform(), new Course().with(new RetainLoss.Kl()));
        }
    }

    /**
     * Negative preference optimisation (Zhang et al. 2024, arXiv 2404.05868), which slows down as a sample is
     * forgotten.
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("npo")
    record Npo(ForgettingLoss.Npo loss, Sampling weighting, Course course) implements ByLoss {
        public Npo() {
            this(new ForgettingLoss.Npo(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * NPO without a model at the start, normalised by length (Fan et al. 2024, arXiv 2410.07163).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("simnpo")
    record SimNpo(ForgettingLoss.SimNpo loss, Sampling weighting, Course course) implements ByLoss {
        public SimNpo() {
            this(new ForgettingLoss.SimNpo(), new Sampling.Uniform(), new Course().with(0.125, 1));
        }
    }

    /**
     * Prefers a refusal to the answer to forget, by direct preference optimisation (Maini et al. 2024, arXiv
     * 2401.06121).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("idk-dpo")
    record IdkDpo(ForgettingLoss.IdkDpo loss, Sampling weighting, Course course) implements ByLoss {
        public IdkDpo() {
            this(new ForgettingLoss.IdkDpo(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Learns to refuse the prompts to forget (Maini et al. 2024, arXiv 2401.06121).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("idk")
    record Idk(ForgettingLoss.Idk loss, Sampling weighting, Course course) implements ByLoss {
        public Idk() {
            this(new ForgettingLoss.Idk(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Steers hidden states of samples to forget to a random direction (Li et al. 2024, arXiv 2403.03218).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("rmu")
    record Rmu(ForgettingLoss.Rmu loss, Sampling weighting, Course course) implements ByLoss {
        public Rmu() {
            this(new ForgettingLoss.Rmu(), new Sampling.Uniform(), new Course().with(new RetainLoss.EmbedDiff()));
        }
    }

    /**
     * Learns its own prediction with the true token lowered (Dong et al. 2024, arXiv 2402.10052).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("undial")
    @Taxonomy({Branch.DISTILLATION, Branch.LANGUAGE})
    record Undial(ForgettingLoss.Undial loss, Sampling weighting, Course course) implements ByLoss {
        public Undial() {
            this(new ForgettingLoss.Undial(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Learns its own prediction without the true token (Yang 2025, arXiv 2503.01224).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("ce-u")
    record CeU(ForgettingLoss.CeU loss, Sampling weighting, Course course) implements ByLoss {
        public CeU() {
            this(new ForgettingLoss.CeU(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Gradient ascent in which forgotten tokens weigh little (Wang et al. 2025, arXiv 2502.19301).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("wga")
    record Wga(ForgettingLoss.Wga loss, Sampling weighting, Course course) implements ByLoss {
        public Wga() {
            this(new ForgettingLoss.Wga(), new Sampling.Uniform(), new Course());
        }
    }

    /**
     * Gradient ascent weighted by saturation and importance of tokens (Yang et al. 2025, arXiv 2505.11953).
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what
     */
    @Named("sat-imp")
    record SatImp(ForgettingLoss.SatImp loss, Sampling weighting, Course course) implements ByLoss {
        public SatImp() {
            this(new ForgettingLoss.SatImp(), new Sampling.Uniform(), new Course().with(0.1, 1));
        }
    }

    /**
     * Flattens predictions under the constraint that the loss on other samples stays low; the factor of the constraint adapts.
     *
     * @param loss its settings
     * @param weighting how samples to forget are drawn: uniform, mrd or difficulty
     * @param course how long, how fast and towards what; α is where the factor starts
     * @param dual bound and speed of the factor
     */
    @Named("pdu")
    record Pdu(ForgettingLoss.Pdu loss, Sampling weighting, Course course, Unlearning.Dual dual) implements ByLoss {
        public Pdu() {
            this(new ForgettingLoss.Pdu(), new Sampling.Uniform(), new Course(), new Unlearning.Dual());
        }

        @Override
        public Optional<Unlearning.Dual> adapting() {
            return Optional.of(dual);
        }
    }
}
