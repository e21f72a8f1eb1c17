// Replaces Stripe.js with the part of its interface that the pages use. Nothing leaves the machine.

// The address from which the pages load Stripe.js.
export const STRIPE = 'https://js.stripe.com/';

// The part of Stripe.js that the page uses. The stub takes the card number as the name of the payment method.
export const STUB = `
window.stripeSaw = { actions: [] };
const simulatedBank = (secret, outcome) =>
  fetch('/api/v1/payments/simulated/' + secret + '/complete', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ outcome }),
  });
window.Stripe = (key, options) => {
  const saw = Object.assign(window.stripeSaw, { key, locale: options.locale });
  let input;
  return {
    elements(options) {
      saw.options = JSON.parse(JSON.stringify(options));
      return {
        create(kind) {
          saw.kind = kind;
          const acts = {};
          return {
            on(event, act) { acts[event] = act; },
            mount(place) {
              input = document.createElement('input');
              input.setAttribute('aria-label', 'Card number');
              place.append(input);
              setTimeout(() => acts.ready(), 10);
            },
            focus() { input.focus(); },
            destroy() { input.remove(); },
          };
        },
        async submit() {
          return input.value ? {} : { error: { message: 'Your card number is incomplete.' } };
        },
        update(options) { saw.updated = options; },
      };
    },
    async createPaymentMethod({ elements }) {
      return elements ? { paymentMethod: { id: input.value } } : { error: {} };
    },
    async handleNextAction({ clientSecret }) {
      saw.actions.push(clientSecret);
      const outcome = window.stripeOutcome ?? 'success';
      await (window.stripeBank ?? simulatedBank)(clientSecret, outcome);
      return outcome === 'success' ? { paymentIntent: { id: 'pi' } }
        : { error: { message: 'We are unable to authenticate your payment method.' } };
    },
  };
};`;

export const answered = (route) =>
  route.fulfill({ contentType: 'text/javascript', body: STUB });
