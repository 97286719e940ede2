package org.lethe.text.forget;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.numerics.Keyed;
import org.lethe.text.Corpus;
import org.lethe.text.Encoded;
import org.lethe.text.LanguageModel;
import org.lethe.text.Sample;

/** The requirements of every method that makes a language model forget samples. */
interface Forgetting extends Method<Corpus, LanguageModel> {
    @Override
    default Optional<String> unsuited(Request request, Learner<Corpus, LanguageModel> learner) {
        return LetheException.refusal(() -> request(this, request));
    }

    @Override
    default Exactness exactness() {
        return Exactness.APPROXIMATE;
    }

    /** The request, which must be one to forget samples. */
    static ForgetSamples request(Method<?, ?> method, Request request) {
        if (request instanceof ForgetSamples forget) {
            return forget;
        }
        throw new LetheException(
                LetheException.Code.STUDY,
                Named.Of.name(method) + " fulfils requests to forget samples, not " + Named.Of.name(request));
    }

    /** What a model reads of samples to forget and the rest; each sample to forget has the same refusal in every epoch. */
    static Unlearning.Samples samples(LanguageModel model, ForgetSamples.Forgotten forgotten, Corpus corpus, Env env) {
        List<String> sentences = corpus.refusals();
        List<Encoded> refusals = new ArrayList<>();
        Keyed key = env.random("refusals");
        if (!sentences.isEmpty()) {
            for (int n = 0; n < forgotten.samples().size(); n++) {
                int which = Keyed.below(key.at(forgotten.indices()[n]), sentences.size());
                refusals.add(model.encode(forgotten.samples().get(n).prompt(), sentences.get(which)));
            }
        }
        return new Unlearning.Samples(
                encoded(model, forgotten.samples()),
                encoded(model, forgotten.remaining().training()),
                refusals);
    }

    private static List<Encoded> encoded(LanguageModel model, List<Sample> samples) {
        return samples.stream().map(model::encode).toList();
    }
}
