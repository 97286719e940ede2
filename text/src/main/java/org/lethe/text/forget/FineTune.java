package org.lethe.text.forget;

import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.Taxonomy;
import org.lethe.Taxonomy.Branch;
import org.lethe.text.Corpus;
import org.lethe.text.LanguageModel;

/**
 * Trains on remaining samples alone and hopes that the others fade: the weakest reference of a forgetting method.
 *
 * @param course how long and how fast; γ is taken as 0, and an epoch has as many samples as are to be forgotten
 */
@Named("fine-tune")
@Taxonomy({Branch.REPAIR, Branch.LANGUAGE})
public record FineTune(Course course) implements Forgetting {
    public FineTune() {
        this(new Course());
    }

    @Override
    public LanguageModel fulfil(
            LanguageModel model, Request request, Learner<Corpus, LanguageModel> learner, Corpus data, Env env) {
        ForgetSamples.Forgotten forgotten = Forgetting.request(this, request).resolve(data);
        if (forgotten.nothing()) {
            return model;
        }
        Course kept = course.with(0, course.alpha() == 0 ? 1 : course.alpha());
        return new Unlearning("fine-tune", new ForgettingLoss.GradientAscent(), kept)
                .of(model, Forgetting.samples(model, forgotten, data, env), env);
    }

    @Override
    public Estimate estimate(Learner<Corpus, LanguageModel> learner, Corpus data) {
        return learner.estimate(data).times(1.2);
    }
}
