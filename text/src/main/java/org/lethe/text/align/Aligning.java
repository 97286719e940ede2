package org.lethe.text.align;

import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;

/** A method that aligns a language model. The result is the point of its course with the best held-out objective. */
public sealed interface Aligning extends Method<Corpus, LanguageModel>
        permits U2a, UnlearnNegatives, RandomNegatives, Dpo, Grpo, Ppo {
    /**
     * A model with the course that led to it.
     *
     * @param model the result
     * @param course every point on the way
     */
    record Aligned(LanguageModel model, AlignmentCourse course) {}

    /** The goal whose held-out objective chooses the point of the course. */
    default Goal objective() {
        return Goal.PREFERENCES;
    }

    /** Percent by which the cross-entropy of wanted answers may grow. */
    double utilityFloor();

    /** Moves the model of a run. */
    AlignmentCourse align(AlignmentRun run);

    /** The aligned model with its course. */
    default Aligned aligned(LanguageModel model, Align request, Corpus data, Env env) {
        try (var _ = new PointerScope()) {
            AlignmentTask task = AlignmentTask.of(data, request, model);
            AlignmentRun run = new AlignmentRun(
                    model.open(env.device()), model.open(env.device()), task, objective(), utilityFloor(), env);
            AlignmentCourse course = align(run);
            return new Aligned(LanguageModel.of(run.model(), model.tokenizer(), model.format()), course);
        }
    }

    @Override
    default LanguageModel fulfil(
            LanguageModel model, Request request, Learner<Corpus, LanguageModel> learner, Corpus data, Env env) {
        return aligned(model, Align.of(request, Named.Of.name(this)), data, env).model();
    }

    @Override
    default Optional<String> unsuited(Request request, Learner<Corpus, LanguageModel> learner) {
        return LetheException.refusal(() -> Align.of(request, Named.Of.name(this)));
    }

    @Override
    default Exactness exactness() {
        return Exactness.NONE;
    }
}
